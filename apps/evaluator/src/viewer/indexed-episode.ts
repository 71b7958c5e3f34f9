import { hopsOf, typeOf } from '@dgpo/arc';
import type { EndedBy } from './api.js';

/** What the index keeps of an episode, to list, filter and sort by; the rest is read from the file when it is shown. */
export interface IndexedEpisode {
  /** Line in its file, or place in a file of an evaluation stage; from 1. */
  line: number;
  /** Byte at which its line starts, and the bytes of the line; 0 where the file is read whole. */
  offset: number;
  length: number;
  id: string;
  taskId: string;
  question: string;
  answer: string | null;
  goldenAnswers: string[];
  /** Lower case: question, answers, queries and id, a line each. */
  searchable: string;
  correct: boolean;
  reward: number;
  endedBy: EndedBy;
  /** Undefined until it was looked for. */
  cause: string | null | undefined;
  searches: number;
  policyTokens: number | null;
  environment: string;
  set: string | null;
  group: string | null;
  policy: string | null;
  sample: number;
}

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const endings: readonly unknown[] = ['answer', 'turns', 'length', 'error'];
const isEnding = (value: unknown): value is EndedBy => endings.includes(value);

const longest = { shown: 300, searched: 2000, answers: 5 };

/** Text of a list: not longer than somebody reads there. */
const shorten = (text: string, length = longest.shown) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** Equal values share one string: a hundred thousand episodes have few environments, policies and groups. */
const known = new Map<string, string>();
function shared(value: string): string {
  const before = known.get(value);
  if (before !== undefined) return before;
  if (known.size < 10_000) known.set(value, value);
  return value;
}

/** Tokens that the policy sampled; null where the log keeps text alone. */
function countPolicyTokens(segments: readonly unknown[]): number | null {
  let count = 0;
  for (const segment of segments) {
    if (!isObject(segment) || segment.kind !== 'policy') continue;
    if (Array.isArray(segment.tokenIds)) count += segment.tokenIds.length;
    else if (segment.text !== '') return null;
  }
  return segments.length === 0 ? null : count;
}

/**
 * Picks what the index needs out of a parsed trajectory, as `trajectorySchema` of `@dgpo/trajectory` describes it (`golden_answers` or
 * `goldenAnswers`). It checks no more than that: a schema over every token of a hundred thousand episodes takes minutes.
 *
 * @returns what is wrong, as text, where it is no trajectory
 */
export function indexEpisode(
  value: unknown,
  place: { line: number; offset: number; length: number; set: string | null },
): IndexedEpisode | string {
  if (!isObject(value)) return 'expected a trajectory, an object';
  const { id, task, environment, policy, sample, segments, actions, outcome } = value;
  if (typeof id !== 'string') return 'id: expected text';
  if (!isObject(task) || typeof task.question !== 'string') return 'task.question: expected text';
  if (typeof task.id !== 'string' && typeof task.id !== 'number') return 'task.id: expected text or a number';
  if (!Array.isArray(segments)) return 'segments: expected a list';
  if (!Array.isArray(actions)) return 'actions: expected a list';
  if (!isObject(outcome)) return 'outcome: expected an object';
  const { correct, reward, answer, endedBy } = outcome;
  if (typeof correct !== 'boolean') return 'outcome.correct: expected true or false';
  if (typeof reward !== 'number') return 'outcome.reward: expected a number';
  if (answer !== null && typeof answer !== 'string') return 'outcome.answer: expected text or null';
  if (!isEnding(endedBy)) return 'outcome.endedBy: expected answer, turns, length or error';
  const gold = task.golden_answers ?? task.goldenAnswers;
  if (!Array.isArray(gold)) return 'task.golden_answers: expected a list';
  const goldenAnswers = gold.map(String);
  const searches = actions.filter((action) => isObject(action) && action.kind === 'search' && action.executed === true);
  const queries = searches.map((action) => String(action.query ?? ''));
  const metadata = isObject(task.metadata) ? { metadata: task.metadata } : {};
  const grouped = { id: String(task.id), question: task.question, goldenAnswers, ...metadata };
  const group = hopsOf(grouped) ?? typeOf(grouped);
  return {
    ...place,
    id,
    taskId: grouped.id,
    question: shorten(task.question),
    answer: answer === null ? null : shorten(answer),
    goldenAnswers: goldenAnswers.slice(0, longest.answers).map((text) => shorten(text)),
    searchable: [task.question, answer ?? '', ...goldenAnswers, ...queries, id]
      .join('\n')
      .slice(0, longest.searched)
      .toLowerCase(),
    correct,
    reward,
    endedBy,
    cause: correct ? null : undefined,
    searches: searches.length,
    policyTokens: countPolicyTokens(segments),
    environment: shared(typeof environment === 'string' ? environment : ''),
    group: group === null ? null : shared(group),
    policy: typeof policy === 'string' ? shared(policy) : null,
    sample: typeof sample === 'number' ? sample : 0,
  };
}
