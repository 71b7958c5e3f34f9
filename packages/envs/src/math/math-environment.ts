import { type Action, ConfigError, type Segment } from '@dgpo/trajectory';
import type { Environment, EpisodeState, Turn } from '../environment.js';
import { checkWhole } from '../episode/check-whole.js';
import { checkPromptTemplate, encodePrompt, type PromptTemplate } from '../search/prompt.js';
import { equivalentAnswers } from './equivalent-answers.js';
import { extractAnswer } from './extract-answer.js';
import { fields } from './fields.js';

export interface MathEnvironmentOptions {
  /** Longest solution. @default 2048 */
  maxTokens?: number;
  /** Longest episode, prompt included; a policy with a smaller limit sets its own. @default 4096 */
  maxContextTokens?: number;
  /** @default asks for reasoning and the answer in `\boxed{}` */
  promptTemplate?: PromptTemplate;
  /** As {@link equivalentAnswers} takes it. @default 5e-6 */
  relativeTolerance?: number;
}

const defaultPromptTemplate = [
  'Solve the problem below.',
  'Reason in small steps, then write the final answer once, exact and in LaTeX, as \\boxed{answer}.\n',
  'Problem: {question}\n',
].join(' ');

/**
 * Questions of mathematics with one turn: the policy reasons and answers. {@link extractAnswer} finds the answer; correct is one that
 * {@link equivalentAnswers} calls equal to a golden answer, and the reward is 1 for it, else 0. What stays undecided is not correct. An episode
 * without an answer ends as `turns`, or as `length` where the turn was cut or the prompt left no room for one.
 * @throws ConfigError for options out of range, and where `mathjs` is not installed.
 */
export function createMathEnvironment(options: MathEnvironmentOptions = {}): Environment {
  const {
    maxTokens = 2048,
    maxContextTokens = 4096,
    promptTemplate = defaultPromptTemplate,
    relativeTolerance = 5e-6,
  } = options;
  checkWhole('maxTokens', maxTokens, 1);
  checkWhole('maxContextTokens', maxContextTokens, 1);
  checkPromptTemplate(promptTemplate);
  if (!(relativeTolerance >= 0 && relativeTolerance < 1)) {
    throw new ConfigError(`expected a number from 0 to less than 1, found ${relativeTolerance}`, {
      where: 'relativeTolerance',
    });
  }
  // Here and not in the middle of a run, where mathjs is missing.
  fields();

  const step = ({ state, completion }: Turn): EpisodeState => {
    const { text, tokenIds, logProbs, finishReason } = completion;
    const segment: Segment = { kind: 'policy', text, tokenIds: [...tokenIds], logProbs: [...logProbs] };
    const answer = extractAnswer(text);
    const correct =
      answer !== null &&
      state.task.goldenAnswers.some(
        (goldenAnswer) => equivalentAnswers({ answer, goldenAnswer, relativeTolerance }).verdict === 'equal',
      );
    const action: Action =
      answer === null
        ? { turn: state.turn, kind: 'invalid', text, executed: false }
        : { turn: state.turn, kind: 'answer', text, answer, executed: true };
    const endedBy = answer !== null ? 'answer' : finishReason === 'length' ? 'length' : 'turns';
    return {
      ...state,
      turn: state.turn + 1,
      segments: [...state.segments, segment],
      actions: [...state.actions, action],
      next: null,
      outcome: { correct, reward: correct ? 1 : 0, answer, endedBy },
    };
  };

  return {
    name: 'math',

    start({ task, tokenizer }) {
      const prompt = encodePrompt({ task, template: promptTemplate, appendQuestionMark: false, tokenizer });
      const limit = Math.min(maxContextTokens, tokenizer.maxContextTokens ?? maxContextTokens);
      const room = Math.min(maxTokens, limit - (prompt.tokenIds?.length ?? 0));
      const state: EpisodeState = { task, turn: 0, segments: [prompt], actions: [], next: null, outcome: null };
      return room < 1
        ? { ...state, outcome: { correct: false, reward: 0, answer: null, endedBy: 'length' } }
        : { ...state, next: { maxTokens: room, stop: [] } };
    },

    step: async ({ turns, signal }) => {
      signal?.throwIfAborted();
      return turns.map(step);
    },

    oracle: ({ task }) => `The answer is \\boxed{${task.goldenAnswers[0] ?? ''}}.`,
  };
}
