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

/**
 * Adds up the costs of episodes. An episode that stands there twice, because it was played again after an interrupt or a failure, counts
 * as the last line says.
 */
export function evaluationCost(lines: Iterable<EpisodeCost>, { threads }: { threads?: number } = {}): EvaluationCost {
  const byEpisode = new Map<string, EpisodeCost>();
  for (const line of lines) byEpisode.set(JSON.stringify([line.set, line.id]), line);
  const episodes = [...byEpisode.values()];
  const sum = (measure: (episode: EpisodeCost) => number) =>
    episodes.reduce((total, episode) => total + measure(episode), 0);
  const knownSum = (name: 'promptTokens' | 'policyTokens') =>
    episodes.some((episode) => episode[name] === null) ? null : sum((episode) => episode[name] ?? 0);
  const questions = new Set(episodes.map(({ set, taskId }) => JSON.stringify([set, taskId]))).size;
  const seconds = sum((episode) => episode.seconds);
  const policyTokens = knownSum('policyTokens');
  return {
    engine: [...new Set(episodes.map(({ engine }) => engine))].join('+'),
    ...(threads === undefined ? {} : { threads }),
    questions,
    episodes: episodes.length,
    seconds,
    secondsPerQuestion: questions === 0 ? 0 : seconds / questions,
    modelCalls: sum(({ modelCalls }) => modelCalls),
    searches: sum(({ searches }) => searches),
    promptTokens: knownSum('promptTokens'),
    policyTokens,
    tokensPerSecond: policyTokens === null || seconds === 0 ? null : policyTokens / seconds,
    peakMemoryBytes: episodes.reduce((peak, { peakMemoryBytes }) => Math.max(peak, peakMemoryBytes), 0),
    errors: episodes.filter(({ failed }) => failed).length,
  };
}
