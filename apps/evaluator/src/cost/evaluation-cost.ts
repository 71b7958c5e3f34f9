import type { EpisodeCost } from './episode-cost.js';

/** What an evaluation took. Sums and means are over the episodes that its figures are over, each counted once. */
export interface EvaluationCost {
  /** What the model ran on; several names, joined by `+`, where a resumed evaluation changed it. */
  engine: string;
  /** Worker threads that played side by side; absent where nobody says. */
  threads?: number;
  questions: number;
  episodes: number;
  /** Wall time of playing, what was lost to interrupts left out. */
  seconds: number;
  /** Wall time over questions; 0 without any. */
  secondsPerQuestion: number;
  modelCalls: number;
  searches: number;
  /** Null where an episode's log keeps text alone, as for the next two. */
  promptTokens: number | null;
  /** Tokens that the model wrote. */
  policyTokens: number | null;
  /** Tokens written a second of wall time; null too where no time passed. */
  tokensPerSecond: number | null;
  /** Highest resident memory of the process, engines and their heaps included, in whichever session it was highest. */
  peakMemoryBytes: number;
  /** Episodes that a failing environment or endpoint broke. */
  errors: number;
}

/** What an evaluation took, as a whole and set by set. */
export interface CostReport {
  overall: EvaluationCost;
  sets: { name: string; cost: EvaluationCost }[];
}

interface CostOptions {
  threads?: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const knownSum = (values: readonly (number | null)[]) => {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : sum(known);
};

/** Those of several costs that add up, with what follows from them. */
function total(
  parts: readonly Omit<EvaluationCost, 'secondsPerQuestion' | 'tokensPerSecond'>[],
  { threads }: CostOptions,
): EvaluationCost {
  const questions = sum(parts.map((part) => part.questions));
  const seconds = sum(parts.map((part) => part.seconds));
  const policyTokens = knownSum(parts.map((part) => part.policyTokens));
  return {
    engine: [...new Set(parts.flatMap(({ engine }) => engine.split('+')))].join('+'),
    ...(threads === undefined ? {} : { threads }),
    questions,
    episodes: sum(parts.map((part) => part.episodes)),
    seconds,
    secondsPerQuestion: questions === 0 ? 0 : seconds / questions,
    modelCalls: sum(parts.map((part) => part.modelCalls)),
    searches: sum(parts.map((part) => part.searches)),
    promptTokens: knownSum(parts.map((part) => part.promptTokens)),
    policyTokens,
    tokensPerSecond: policyTokens === null || seconds === 0 ? null : policyTokens / seconds,
    peakMemoryBytes: parts.reduce((peak, { peakMemoryBytes }) => Math.max(peak, peakMemoryBytes), 0),
    errors: sum(parts.map((part) => part.errors)),
  };
}

/** The costs of several sets as one. */
export function addEvaluationCosts(costs: readonly EvaluationCost[]): EvaluationCost {
  const threads = [...new Set(costs.map((cost) => cost.threads))];
  const [only] = threads;
  return total(costs, threads.length === 1 && only !== undefined ? { threads: only } : {});
}

/**
 * Adds up the costs of episodes. An episode that stands there twice, because it was played again after an interrupt or a failure, counts
 * as the last line says.
 */
export function costReport(lines: Iterable<EpisodeCost>, options: CostOptions = {}): CostReport {
  const bySet = new Map<string, Map<string, EpisodeCost>>();
  for (const line of lines) {
    const episodes = bySet.get(line.set) ?? new Map<string, EpisodeCost>();
    bySet.set(line.set, episodes.set(line.id, line));
  }
  const sets = [...bySet].map(([name, episodes]) => {
    const seen = new Set<string>();
    const parts = [...episodes.values()].map(({ taskId, failed, ...part }) => {
      const questions = Number(!seen.has(taskId));
      seen.add(taskId);
      return { ...part, questions, episodes: 1, errors: Number(failed) };
    });
    return { name, cost: total(parts, options) };
  });
  return {
    overall: total(
      sets.map(({ cost }) => cost),
      options,
    ),
    sets,
  };
}
