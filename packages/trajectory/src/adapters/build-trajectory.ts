import { exactMatch } from '../answer-match.js';
import { DatasetError } from '../errors.js';
import type { Action, Outcome, Segment, Trajectory } from '../trajectory.js';
import { type Fields, firstText } from './log-record.js';
import {
  readCorrect,
  readError,
  readGoldenAnswers,
  readMetadata,
  readQuestion,
  readReward,
  readSample,
  readTaskId,
  wasCut,
} from './record-fields.js';

/** What an adapter makes of the text or messages of a record. */
export interface EpisodeParts {
  segments: Segment[];
  actions: Action[];
  /** What was asked, where no key of the record says it. */
  question?: string | null;
  /** @default the last answer of the actions */
  answer?: string | null;
  /** How it ended without an answer. @default `length` if the record says that it was cut, else `turns` */
  endedBy?: Outcome['endedBy'];
  /** @default what the record says */
  error?: string | null;
}

/** An episode of which the policy wrote nothing, or blanks alone. */
export const blankEpisode = (text: string): EpisodeParts => ({
  segments: [{ kind: 'policy', text }],
  actions: [{ turn: 0, kind: 'invalid', text, executed: false }],
});

/**
 * A record with its parts as a trajectory. Correct is what the log says of the answer; else a reward of 0 or 1 decides, else exact
 * match with the golden answers.
 *
 * @throws DatasetError if there is no question, no text of the policy though nothing failed, or a score that is no number.
 */
export function buildTrajectory(record: Fields, parts: EpisodeParts): Trajectory {
  const { segments, actions } = parts;
  const question = readQuestion(record) ?? parts.question?.trim() ?? '';
  if (question === '') throw new DatasetError('question: missing or empty');
  const error = parts.error === undefined ? readError(record) : parts.error;
  if (error === null && !segments.some(({ kind }) => kind === 'policy')) {
    throw new DatasetError('the record holds nothing that the policy wrote');
  }
  const goldenAnswers = readGoldenAnswers(record);
  const metadata = readMetadata(record);
  const policy = firstText(record, ['model', 'model_name', 'model_id', 'policy']);
  const id = readTaskId(record, question);
  const sample = readSample(record);
  return {
    id: `${id}#${sample}`,
    task: { id, question, goldenAnswers, ...(metadata === null ? {} : { metadata }) },
    environment: firstText(record, ['environment', 'env_id', 'data_source', 'dataset']) ?? 'search',
    ...(policy === null ? {} : { policy }),
    sample,
    segments: segments.filter(({ text }) => text !== ''),
    actions,
    outcome: readOutcome(record, { ...parts, error }, goldenAnswers),
  };
}

function readOutcome(
  record: Fields,
  parts: EpisodeParts & { error: string | null },
  goldenAnswers: readonly string[],
): Outcome {
  const last = parts.actions.findLast(({ kind }) => kind === 'answer');
  const answer = parts.answer === undefined ? (last?.answer ?? null) : parts.answer;
  const { error } = parts;
  const given = readReward(record);
  const verdict = readCorrect(record);
  const byReward = given === 0 || given === 1 ? given === 1 : null;
  const correct = verdict ?? byReward ?? (error === null && exactMatch(answer, goldenAnswers));
  const unanswered = parts.endedBy ?? (wasCut(record) ? 'length' : 'turns');
  const endedBy = error !== null ? 'error' : answer !== null ? 'answer' : unanswered;
  return { correct, reward: given ?? Number(correct), answer, endedBy, ...(error === null ? {} : { error }) };
}
