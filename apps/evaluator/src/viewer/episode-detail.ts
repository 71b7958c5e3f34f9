import {
  attributeCause,
  causeDescriptions,
  containsAnswer,
  measureNames,
  measureTrajectory,
  passageTitle,
  searchableAnswers,
} from '@dgpo/arc';
import { type Action, supportingTitles, type Task, type Trajectory } from '@dgpo/trajectory';
import type { EpisodeAction, EpisodeFailure, EpisodePassage, EpisodeReply, EpisodeSegment } from './api.js';
import type { TokenTexts } from './run-tokenizers.js';
import type { TokenRecord } from './token-records.js';

const titleKey = (title: string): string => title.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();

function passagesOf(task: Task, action: Action): EpisodePassage[] | null {
  if (action.documents === undefined) return null;
  const answers = searchableAnswers(task.goldenAnswers);
  const supporting = new Set(supportingTitles(task).map(titleKey));
  return action.documents.map(({ document: { id, contents }, score }) => {
    const isTitled = contents.includes('\n');
    const title = isTitled ? passageTitle(contents) : '';
    return {
      id,
      title,
      text: isTitled ? contents.slice(contents.indexOf('\n') + 1) : contents,
      score,
      holdsAnswer: answers.length > 0 && containsAnswer([contents], answers),
      isSupporting: supporting.has(titleKey(passageTitle(contents))),
    };
  });
}

function actionOf(task: Task, action: Action): EpisodeAction {
  const { documents: _, ...shown } = action;
  return { ...shown, passages: passagesOf(task, action) };
}

/** A recorded value at a place; null where there is none or it is not finite. */
const finiteAt = (values: readonly number[] | undefined, place: number): number | null => {
  const value = values?.[place];
  return value !== undefined && Number.isFinite(value) ? value : null;
};

/** A longer episode is shown as text: its tokens would fill the memory of the page. */
const mostTokens = 200_000;

/**
 * The segments with their tokens. What an update recorded holds the tokens of the policy in order, without one at the very start of the
 * episode, which nothing predicts; a record of another length belongs to another episode and is left out.
 */
function segmentsOf(
  { segments }: Trajectory,
  texts: TokenTexts | undefined,
  record: TokenRecord | undefined,
): EpisodeSegment[] {
  const first = segments.findIndex(({ tokenIds }) => (tokenIds?.length ?? 0) > 0);
  const unpredicted = segments[first]?.kind === 'policy' ? 1 : 0;
  const count = segments.reduce((total, { tokenIds }) => total + (tokenIds?.length ?? 0), 0);
  const sampled = segments.reduce(
    (total, { kind, tokenIds }) => total + (kind === 'policy' ? (tokenIds?.length ?? 0) : 0),
    0,
  );
  const own = record?.logProbs.length === sampled - unpredicted ? record : undefined;
  let place = -unpredicted;
  return segments.map(({ kind, text, tokenIds, logProbs }, index): EpisodeSegment => {
    if (tokenIds === undefined || count > mostTokens) return { kind, text, tokens: null };
    const isPolicy = kind === 'policy';
    const tokens = tokenIds.map((tokenId, position) => {
      const at = isPolicy ? place++ : -1;
      const before = finiteAt(own?.logProbs, at);
      const reference = finiteAt(own?.referenceLogProbs, at);
      return {
        text: texts?.[index]?.[position] ?? null,
        tokenId,
        mask: isPolicy ? (1 as const) : (0 as const),
        logProb: finiteAt(logProbs, position),
        teacherKl: before === null || reference === null ? null : before - reference,
        advantage: finiteAt(own?.advantages, at),
      };
    });
    return { kind, text, tokens };
  });
}

function failureOf(trajectory: Trajectory): EpisodeFailure | null {
  const cause = attributeCause(trajectory);
  if (cause === null) return null;
  const { name, explanation, turn, passage } = cause;
  return { cause: name, label: causeDescriptions[name].label, explanation, turn, passage };
}

/** Everything that is shown of one episode. */
export function episodeDetail(options: {
  trajectory: Trajectory;
  texts: TokenTexts | undefined;
  record: TokenRecord | undefined;
}): Pick<
  EpisodeReply,
  | 'question'
  | 'answer'
  | 'goldenAnswers'
  | 'error'
  | 'segments'
  | 'actions'
  | 'recorded'
  | 'isGated'
  | 'failure'
  | 'measures'
> {
  const { trajectory, texts, record } = options;
  const { task, outcome, actions } = trajectory;
  const segments = segmentsOf(trajectory, texts, record);
  const tokens = segments.flatMap((segment) => segment.tokens ?? []);
  const holds = (name: 'text' | 'logProb' | 'teacherKl' | 'advantage') => tokens.some((token) => token[name] !== null);
  const measured = measureTrajectory(trajectory);
  return {
    question: task.question,
    answer: outcome.answer,
    goldenAnswers: task.goldenAnswers,
    error: outcome.error ?? null,
    segments,
    actions: actions.map((action) => actionOf(task, action)),
    recorded: {
      text: holds('text'),
      logProb: holds('logProb'),
      teacherKl: holds('teacherKl'),
      advantage: holds('advantage'),
    },
    isGated: record?.gated ?? null,
    failure: failureOf(trajectory),
    measures: Object.fromEntries(measureNames.map((name) => [name, measured[name]])),
  };
}
