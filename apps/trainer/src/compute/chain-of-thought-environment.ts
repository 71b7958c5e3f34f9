import { readFinalAnswer } from '@dgpo/distill/agent';
import { createSearchEnvironment, type Environment, type EpisodeState, type Turn } from '@dgpo/envs';
import type { Action, Segment, Task } from '@dgpo/trajectory';
import { isArithmeticTask } from '../arithmetic/arithmetic-plan.js';
import {
  type ArithmeticWorld,
  arithmeticChainOfThought,
  createArithmeticWorld,
  isArithmeticCorrect,
} from '../arithmetic/index.js';
import { createAtlas } from '../atlas/index.js';
import type { ChainOfThoughtSettings } from './environment-settings.js';

/** Where an answer is complete. */
const endOfAnswer = '</answer>';

const defaultPromptTemplate =
  'Work out the answer to the question below. Reason step by step, with a blank line between the steps. ' +
  'Then give the answer alone between <answer> and </answer>. Question: {question}\n';

const noSearch = { retrieve: async () => [] };

type IsCorrect = (options: { task: Task; answer: string }) => boolean;

function settle({ state, completion }: Turn, isCorrect: IsCorrect): EpisodeState {
  const { text, tokenIds, logProbs, finishReason } = completion;
  const segment: Segment = { kind: 'policy', text, tokenIds: [...tokenIds], logProbs: [...logProbs] };
  const answer = readFinalAnswer(text);
  const correct = answer !== null && isCorrect({ task: state.task, answer });
  const action: Action =
    answer === null
      ? { turn: state.turn, kind: 'invalid', text, executed: false }
      : { turn: state.turn, kind: 'answer', text, answer, executed: true };
  return {
    ...state,
    turn: state.turn + 1,
    segments: [...state.segments, segment],
    actions: [...state.actions, action],
    next: null,
    outcome: {
      correct,
      reward: correct ? 1 : 0,
      answer,
      endedBy: answer !== null ? 'answer' : finishReason === 'length' ? 'length' : 'turns',
    },
  };
}

/** What the expert writes: in the demo world its plan, the facts and the answer, elsewhere the golden answer. */
function expertOf(world: ChainOfThoughtSettings['world']): (state: { task: Task }) => string {
  // Made when the expert plays for the first time: a model at work has no use for it.
  let made: ArithmeticWorld | undefined;
  return ({ task }) => {
    if (world === undefined || !isArithmeticTask(task)) {
      return `I know the answer.\n\n<answer>${task.goldenAnswers[0] ?? ''}${endOfAnswer}`;
    }
    made ??= createArithmeticWorld(createAtlas(world));
    return arithmeticChainOfThought({ task, world: made });
  };
}

/**
 * Questions answered in one turn without tools, the setting of chain-of-thought distillation: the policy reasons and gives its answer in
 * `<answer>` (or `\\boxed{}`). Unless `isCorrect` says otherwise, numbers are correct by their value, other answers by exact match; the reward
 * is 1 or 0.
 * @throws ConfigError for rules out of range
 */
export function chainOfThoughtEnvironment(
  settings: ChainOfThoughtSettings,
  { isCorrect = isArithmeticCorrect }: { isCorrect?: IsCorrect } = {},
): Environment {
  const { world, promptTemplate = defaultPromptTemplate, maxTokensPerTurn, maxContextTokens } = settings;
  const { start } = createSearchEnvironment({
    retriever: noSearch,
    maxSearches: 0,
    maxTokensPerTurn,
    maxContextTokens,
    promptTemplate,
    appendQuestionMark: false,
  });
  return {
    name: 'chain-of-thought',
    start: (options) => {
      const state = start(options);
      return state.next === null ? state : { ...state, next: { ...state.next, stop: [endOfAnswer] } };
    },
    step: async ({ turns, signal }) => {
      signal?.throwIfAborted();
      return turns.map((turn) => settle(turn, isCorrect));
    },
    oracle: expertOf(world),
  };
}
