import type { Policy } from '@dgpo/envs';
import type { Benchmark } from '@dgpo/envs/benchmarks';
import { createCostMeter } from '../cost/cost-meter.js';
import {
  bootstrapOf,
  checkSets,
  type EvaluationOptions,
  evaluateSets,
  samplingOf,
} from '../evaluation/evaluate-sets.js';
import { createPolicyPlayer } from '../evaluation/policy-player.js';
import { type Evaluation, evaluationOf } from '../evaluation/score-set.js';
import type { EnvironmentOf } from './benchmark-environment.js';

export interface EvaluateBenchmarksOptions extends Omit<EvaluationOptions, 'sets'> {
  /** Whatever plays episodes: a model here, a server elsewhere. */
  policy: Policy;
  benchmarks: readonly Benchmark[];
  /** The environment in which a benchmark is played; `benchmarkEnvironment` makes the usual ones. */
  environmentOf: EnvironmentOf;
  /** Episodes side by side. @default 64 */
  batchSize?: number;
  /** What the policy runs on, for the costs. @default 'unknown' */
  engine?: string;
}

/**
 * Plays every question of every benchmark in its environment and scores the answers: exact match and F1 for question answering,
 * equivalence for mathematics. The figures do not depend on the batch size.
 * @throws ConfigError when two benchmarks are one or one is empty, or where an environment cannot be made; EnvironmentError when too many
 *   episodes end by an error (`maxErrorRate`); whatever the policy throws; the signal's reason.
 */
export async function evaluateBenchmarks(options: EvaluateBenchmarksOptions): Promise<Evaluation> {
  const { policy, benchmarks, environmentOf, batchSize = 64, engine = 'unknown', ...rest } = options;
  checkSets(benchmarks);
  // All of them before the first episode: what is missing is found here and not after hours.
  const environments = new Map(benchmarks.map((benchmark) => [benchmark.name as string, environmentOf(benchmark)]));
  const evaluation = { ...rest, sets: benchmarks };
  const player = createPolicyPlayer({
    policyOf: () => policy,
    environmentOf: ({ name }) => {
      const environment = environments.get(name);
      if (environment === undefined) throw new RangeError(`no environment for ${name}`);
      return environment;
    },
    ...samplingOf(evaluation),
    batchSize,
  });
  const sets = await evaluateSets({ ...evaluation, player, meter: createCostMeter({ engine }) });
  return evaluationOf(sets, bootstrapOf(evaluation));
}
