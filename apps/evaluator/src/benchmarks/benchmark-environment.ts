import type { Environment } from '@dgpo/envs';
import type { BenchmarkKind } from '@dgpo/envs/benchmarks';
import { createMathEnvironment } from '@dgpo/envs/math';
import { type EnvironmentSettings, isSearch, type openRetriever, searchEnvironment } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';

/** Who owns the episodes of a benchmark. */
export type EnvironmentOf = (benchmark: { name: string; kind: BenchmarkKind }) => Environment;

export interface BenchmarkEnvironmentOptions {
  /** What questions of knowledge are searched in; benchmarks of mathematics need none. */
  retriever?: Awaited<ReturnType<typeof openRetriever>>;
  /** The rules that the model was trained by; question answering takes those of a search episode. */
  settings: EnvironmentSettings;
  /** Longest solution of a question of mathematics, in tokens. @default 2048 */
  maxTokens?: number;
}

/**
 * The environments of plain agents: searching for question answering, one reasoned answer for mathematics. Another kind of agent brings
 * another function of this type.
 * @throws ConfigError, from the function, for question answering without a retriever or by a model of another world, and where `mathjs` is not installed.
 */
export function benchmarkEnvironment(options: BenchmarkEnvironmentOptions): EnvironmentOf {
  const { retriever, settings, maxTokens = 2048 } = options;
  return ({ name, kind }) => {
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
