import type { Environment } from '@dgpo/envs';
import type { BenchmarkKind } from '@dgpo/envs/benchmarks';
import { createMathEnvironment } from '@dgpo/envs/math';
import {
  chainOfThoughtEnvironment,
  type EnvironmentSettings,
  isSearch,
  type openRetriever,
  searchEnvironment,
} from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { isEquivalent } from './is-equivalent.js';

/** Who owns the episodes of a benchmark. */
export type EnvironmentOf = (benchmark: { name: string; kind: BenchmarkKind }) => Environment;

export interface BenchmarkEnvironmentOptions {
  /** What questions of knowledge are searched in; benchmarks of mathematics need none. */
  retriever?: Awaited<ReturnType<typeof openRetriever>>;
  /** The rules that the model was trained by: those of chains of thought hold for both kinds, those of a search for question answering. */
  settings: EnvironmentSettings;
  /** Longest solution of a question of mathematics, in tokens; rules of chains of thought have their own. @default 2048 */
  maxTokens?: number;
}

/**
 * The environments of plain agents: searching for question answering, one reasoned answer for mathematics; with rules of chains of thought
 * one reasoned answer for both, as these rules ask for it. Another kind of agent brings another function of this type.
 * @throws ConfigError, from the function, for question answering without a retriever or by a model of another world, and where `mathjs` is not installed.
 */
export function benchmarkEnvironment(options: BenchmarkEnvironmentOptions): EnvironmentOf {
  const { retriever, settings, maxTokens = 2048 } = options;
  return ({ name, kind }) => {
    if (settings.kind === 'chain-of-thought') {
      return chainOfThoughtEnvironment(settings, kind === 'mathematics' ? { isCorrect: isEquivalent } : {});
    }
    switch (kind) {
      case 'mathematics':
        return createMathEnvironment({ maxTokens, maxContextTokens: maxTokens + 2048 });
      case 'question-answering':
        if (retriever === undefined) {
          throw new ConfigError(
            `${name} is answered with searches: give either --index DIR or --url URL or --corpus FILE`,
          );
        }
        if (!isSearch(settings)) {
          throw new ConfigError(`the model was trained to play ${settings.kind}, not to search; see --environment`);
        }
        return searchEnvironment(retriever, settings);
    }
  };
}
