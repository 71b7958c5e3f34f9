import type { Environment, Retriever } from '@dgpo/envs';
import {
  type CodeEnvironmentOptions,
  createCodeEnvironment,
  createSearchTool,
  type InterpreterPool,
} from '@dgpo/envs/code';
import { codeExpert } from './code-expert.js';
import { isArithmeticCorrect } from './is-correct.js';

/** The plain data of a code environment with a search: what a recipe or a message to a worker can hold. */
export type CodeEnvironmentSettings = Pick<
  CodeEnvironmentOptions,
  | 'maxSteps'
  | 'maxTokensPerTurn'
  | 'maxObservationTokens'
  | 'maxContextTokens'
  | 'observationPrefix'
  | 'observationSuffix'
  | 'invalidActionMessage'
  | 'errorAdvice'
  | 'formatReward'
> & {
  /** As text. */
  promptTemplate?: string;
  /** Passages per search. */
  topK?: number;
  /** With `{i}`, `{title}` and `{text}`. */
  documentTemplate?: string;
};

/** The rules of an episode of search and code in the demo world: those of the code environment, with short texts for small models. */
export const arithmeticEnvironment = {
  topK: 2,
  maxSteps: 4,
  maxTokensPerTurn: 144,
  maxObservationTokens: 192,
  maxContextTokens: 656,
  promptTemplate: 'Question: {question}\n',
  documentTemplate: '{text}\n',
  observationPrefix: '\nObservation:\n',
  observationSuffix: '',
  invalidActionMessage: 'Error:\nNo code.',
  errorAdvice: '',
} as const satisfies CodeEnvironmentSettings;

/** The prompt of the same questions where they are answered from memory, by a chain of thought. */
export const chainOfThoughtPrompt = 'Question: {question}\nReasoning:\n';

/** The ends that the policy of {@link arithmeticEnvironment} and a chain of thought write: one token each. */
export const codeProtocolTags = ['<end_code>', '<answer>', '</answer>'];

/**
 * Questions of arithmetic over the demo world, answered by Python that can search.
 * @throws ConfigError for settings out of range
 */
export function createArithmeticEnvironment(options: {
  /** Of Python. */
  interpreters: InterpreterPool;
  /** Over the corpus of the world. */
  retriever: Retriever;
  /** @default arithmeticEnvironment */
  settings?: CodeEnvironmentSettings;
}): Environment {
  const { interpreters, retriever, settings = arithmeticEnvironment } = options;
  const { topK, documentTemplate, ...rest } = settings;
  const tool = createSearchTool({
    retriever,
    ...(topK === undefined ? {} : { topK }),
    ...(documentTemplate === undefined ? {} : { documentTemplate }),
  });
  return createCodeEnvironment({
    ...rest,
    interpreters,
    tools: [tool],
    isCorrect: isArithmeticCorrect,
    oracle: codeExpert,
  });
}
