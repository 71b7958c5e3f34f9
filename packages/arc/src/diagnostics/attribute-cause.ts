import type { Trajectory } from '@dgpo/trajectory';
import { searchableAnswers } from '../metrics/contains-answer.js';
import type { Cause, CauseName } from './cause.js';
import { hasAnswerForm } from './has-answer-form.js';
import { type Evidence, evidenceState, findAnswer, readEvidence } from './read-evidence.js';
import { redundantQueries } from './redundant-queries.js';

/** Environments of this project in which nothing can be searched: a failure there has none of these causes. */
const withoutSearch: ReadonlySet<string> = new Set(['math']);

/** Whether the causes and the measures around searching apply to an episode. */
export const isSearchable = ({ environment }: Pick<Trajectory, 'environment'>): boolean =>
  !withoutSearch.has(environment);

/**
 * The one cause of a failed episode: the first of the decision list {@link causeDescriptions} that applies. Null for an episode that
 * the environment called correct, for a task without golden answers, and where nothing can be searched.
 */
export function attributeCause(trajectory: Trajectory): Cause | null {
  return causeOf(trajectory, readEvidence(trajectory));
}

/** {@link attributeCause} with the evidence read already. */
export function causeOf(trajectory: Trajectory, evidence: Evidence): Cause | null {
  const { outcome, task } = trajectory;
  if (outcome.correct || task.goldenAnswers.length === 0 || !isSearchable(trajectory)) return null;
  if (outcome.endedBy === 'error') {
    return cause('environment-error', outcome.error === undefined ? 'The environment failed.' : cut(outcome.error));
  }
  const { answer } = outcome;
  if (answer === null || answer.trim() === '') return causeOfSilence(trajectory);
  return causeOfAnswer(trajectory, evidence, answer);
}

function causeOfSilence({ actions, outcome }: Trajectory): Cause {
  const invalid = actions.filter(({ kind }) => kind === 'invalid');
  const [first] = invalid;
  if (first !== undefined && 2 * invalid.length >= actions.length) {
    return cause(
      'invalid-actions',
      `${invalid.length} of ${actions.length} actions are invalid, such as ${quote(first.text)}.`,
      first.turn,
    );
  }
  const last = actions.at(-1)?.turn ?? null;
  if (outcome.endedBy === 'length')
    return cause('stopped-by-length', 'The context was full before there was an answer.', last);
  if (outcome.endedBy === 'turns')
    return cause('stopped-by-turns', 'No turns were left before there was an answer.', last);
  return cause('no-answer', 'The policy ended the episode without an answer.', last);
}

function causeOfAnswer({ actions, task }: Trajectory, evidence: Evidence, answer: string): Cause {
  const { searches, answers, areAllKnown } = evidence;
  const said = quote(answer);
  const last = actions.findLast(({ kind }) => kind === 'answer')?.turn ?? null;
  const golden = task.goldenAnswers.find((candidate) => hasAnswerForm(answer, candidate));
  if (golden !== undefined) {
    return cause('answer-form', `The answer ${said} has the words of the golden ${quote(golden)}.`, last);
  }
  if (searches.length === 0) {
    return actions.some(({ kind, executed }) => executed && (kind === 'code' || kind === 'command'))
      ? cause('undecided', 'Other tools than a search were used.')
      : cause('answered-without-search', `Answered ${said} and searched nothing.`, last);
  }
  const state = evidenceState(evidence);
  if (state === 'found') {
    const finding = findAnswer(searches, answers);
    return finding === null
      ? cause('evidence-not-used', `All supporting titles were retrieved; the answer was ${said}.`, last)
      : cause(
          'evidence-not-used',
          `A golden answer stands in ${quote(finding.passage.title)}, retrieved for ${quote(finding.search.query)}; the answer was ${said}.`,
          finding.search.turn,
          finding.passage.id,
        );
  }
  const redundant = redundantQueries(searches);
  const [first] = redundant;
  if (first !== undefined && 2 * redundant.length >= searches.length - 1) {
    const what = {
      repeated: 'repeats an earlier query',
      similar: 'is nearly an earlier query',
      'nothing-new': 'brings no new passage',
    };
    return cause(
      'redundant-queries',
      `${redundant.length} of ${searches.length - 1} further searches are redundant: ${quote(first.search.query)} ${what[first.kind]}.`,
      first.search.turn,
    );
  }
  const wanted = searchableAnswers([answer]);
  const support = findAnswer(searches, wanted);
  if (areAllKnown && wanted.length > 0 && support === null) {
    return cause('unsupported-answer', `The answer ${said} stands in none of the retrieved passages.`, last);
  }
  if (state === 'unknown') {
    return cause(
      'undecided',
      areAllKnown ? 'Passages cannot tell a golden yes or no.' : 'The log does not hold all passages.',
    );
  }
  return support === null
    ? cause('evidence-not-found', `The evidence was never retrieved; the answer was ${said}.`, last)
    : cause(
        'evidence-not-found',
        `The evidence was never retrieved; the answer ${said} stands in ${quote(support.passage.title)}, retrieved for ${quote(support.search.query)}.`,
        support.search.turn,
        support.passage.id,
      );
}

const cause = (
  name: CauseName,
  explanation: string,
  turn: number | null = null,
  passage: string | null = null,
): Cause => ({
  name,
  explanation,
  turn,
  passage,
});

const longest = 80;

/** Cut without halving a character. */
function cut(text: string): string {
  const line = text
    .slice(0, 4 * longest)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= longest ? line : `${[...line].slice(0, longest).join('')}…`;
}

const quote = (text: string) => `“${cut(text)}”`;

/** Whether the answer stands in a retrieved passage; null if it says nothing that a passage could contain, or passages are unknown. */
export function isSupported(answer: string | null, { searches, areAllKnown }: Evidence): boolean | null {
  if (answer === null || searches.length === 0) return null;
  const wanted = searchableAnswers([answer]);
  if (wanted.length === 0) return null;
  return findAnswer(searches, wanted) !== null || (areAllKnown ? false : null);
}
