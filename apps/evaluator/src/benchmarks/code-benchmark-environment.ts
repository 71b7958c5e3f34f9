import type { Retriever } from '@dgpo/envs';
import { createCodeEnvironment, createSearchTool, type InterpreterPool } from '@dgpo/envs/code';
import { type EnvironmentSettings, isSearch } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import type { EnvironmentOf } from './benchmark-environment.js';
import { isEquivalent } from './is-equivalent.js';

export interface CodeBenchmarkEnvironmentOptions {
  /** Of Python. */
  interpreters: InterpreterPool;
  /** Behind `search(...)`; benchmarks of mathematics do without. */
  retriever?: Retriever;
  /** Those of a code environment hold; of others the passages per search and the limit of the context. */
  settings: EnvironmentSettings;
}

/**
 * The environments of an agent with code: Python that can search, for knowledge and mathematics alike. What is correct depends on the kind
 * of the benchmark.
 * @throws ConfigError, from the function, for question answering without a retriever, and for rules out of range.
 */
export function codeBenchmarkEnvironment(options: CodeBenchmarkEnvironmentOptions): EnvironmentOf {
  const { interpreters, retriever, settings } = options;
  const { maxContextTokens } = settings;
  const {
    kind: _,
    topK,
    documentTemplate,
    ...rules
  } = settings.kind === 'code'
    ? settings
    : { kind: 'code', topK: isSearch(settings) ? settings.topK : 3, documentTemplate: undefined, maxContextTokens };
  const search =
    retriever === undefined
      ? []
      : [createSearchTool({ retriever, topK, ...(documentTemplate === undefined ? {} : { documentTemplate }) })];
  return ({ name, kind }) => {
    if (kind === 'question-answering' && retriever === undefined) {
      throw new ConfigError(`${name} is answered with searches: give either --index DIR or --url URL or --corpus FILE`);
    }
    return createCodeEnvironment({
      ...rules,
      interpreters,
      tools: search,
      ...(kind === 'mathematics' ? { isCorrect: isEquivalent } : {}),
    });
  };
}
