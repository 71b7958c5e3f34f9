import { type Action, ConfigError, exactMatch, type Outcome, type Segment, type Task } from '@dgpo/trajectory';
import type { Environment, EpisodeState, Turn } from '../environment.js';
import { checkWhole } from '../episode/check-whole.js';
import type { EpisodeTokenizer } from '../policy.js';
import { checkPromptTemplate, encodePrompt, type PromptTemplate } from '../search/prompt.js';
import type { CodeLanguage, CodeResult, CodeTool } from './code-interpreter.js';
import type { InterpreterPool } from './interpreter-pool.js';
import { encodeCodeObservation, renderResult } from './observation.js';
import { endOfCode, type ParsedCode, parseCode, startOfObservation } from './parse-code.js';
import { defaultCodePrompt, defaultErrorAdvice, noCodeMessage } from './prompt.js';
import { codeSteps } from './replay.js';

export interface CodeEnvironmentOptions {
  /** Runs the code; close it when the environment is no longer used. */
  interpreters: InterpreterPool;
  /** Of the pool's interpreters. @default 'python' */
  language?: CodeLanguage;
  /** Functions of the code besides `final_answer`, such as {@link createSearchTool}. @default none */
  tools?: readonly CodeTool[];
  /** Turns; one without code uses up a turn too. @default 5 */
  maxSteps?: number;
  /** @default 1024 */
  maxTokensPerTurn?: number;
  /** Longest observation; its middle is cut out to fit. @default 1024 */
  maxObservationTokens?: number;
  /** Longest episode; a policy with a smaller limit sets its own. @default 10240 */
  maxContextTokens?: number;
  /** @default the form of a turn and the tools */
  promptTemplate?: PromptTemplate;
  /** Before what the code did; the end of the assistant's turn in a chat. @default '\nObservation:\n' */
  observationPrefix?: string;
  /** @default '\n' */
  observationSuffix?: string;
  /** What is read after a turn without code. @default that there was none, and the form of a turn */
  invalidActionMessage?: string;
  /** After the error of code, on a line of its own; empty for none. @default how to go on */
  errorAdvice?: string;
  /** @default exact match with a golden answer after SQuAD normalisation */
  isCorrect?: (options: { task: Task; answer: string }) => boolean;
  /** Reward of an answer that is wrong; no answer is always 0, a correct one always 1. @default 0 */
  formatReward?: number;
  /** The scripted expert. @default gives the first golden answer */
  oracle?: (state: EpisodeState) => string;
}

function checkTools(tools: readonly CodeTool[]): void {
  const names = ['final_answer', 'print', ...tools.map(({ name }) => name)];
  for (const { name, parameters } of tools) {
    for (const word of [name, ...parameters]) {
      if (/^[A-Za-z]\w*$/.test(word)) continue;
      throw new ConfigError(`"${word}" is no name in Python and JavaScript`, { where: `tool ${name}` });
    }
    if (names.filter((other) => other === name).length > 1) {
      throw new ConfigError('another function has this name', { where: `tool ${name}` });
    }
  }
}

const errorText = (error: unknown) => (error instanceof Error ? error.message : String(error));

/**
 * Questions answered by code, in the manner of CodeAct: a thought and a block of code in every turn, then what it printed, its last value
 * or its error, until `final_answer(...)` is called. Reward and correctness are those of the answer. The actions of a state hold the code
 * that was carried out and what its tools gave; which interpreter runs it makes no difference. Code that is stopped (time, steps, a crash)
 * leaves nothing behind and is an error that the policy reads; an interpreter's process that dies otherwise, or a world that fails under a
 * tool, ends the episode with `endedBy: 'error'`.
 * Source: CodeAgent of smolagents, as used by agent distillation (arXiv 2505.17612).
 * @throws ConfigError for options out of range; a step throws one when the interpreter cannot be started as it is set up.
 */
export function createCodeEnvironment(options: CodeEnvironmentOptions): Environment {
  const { interpreters, language = 'python', tools = [], maxSteps = 5, maxTokensPerTurn = 1024 } = options;
  const { maxObservationTokens = 1024, maxContextTokens = 10_240, formatReward = 0 } = options;
  const { promptTemplate = defaultCodePrompt({ language, tools, maxSteps }) } = options;
  const { observationPrefix: prefix = `\n${startOfObservation}\n`, observationSuffix: suffix = '\n' } = options;
  const { invalidActionMessage, errorAdvice = defaultErrorAdvice(language) } = options;
  const noCode = (text: string) => invalidActionMessage ?? noCodeMessage(text, language);
  const { isCorrect = ({ task, answer }) => exactMatch(answer, task.goldenAnswers) } = options;
  const {
    oracle = ({ task }) =>
      `Thought: The answer is known.\nCode:\n\`\`\`${language}\nfinal_answer(${JSON.stringify(task.goldenAnswers[0] ?? '')})\n\`\`\`${endOfCode}`,
  } = options;
  for (const [name, value] of Object.entries({ maxSteps, maxTokensPerTurn, maxObservationTokens, maxContextTokens })) {
    checkWhole(name, value, 1);
  }
  if (!Number.isFinite(formatReward)) throw new ConfigError('expected a number', { where: 'formatReward' });
  checkTools(tools);
  checkPromptTemplate(promptTemplate);

  const contextRoom = (segments: Segment[], tokenizer: EpisodeTokenizer) =>
    Math.min(maxContextTokens, tokenizer.maxContextTokens ?? maxContextTokens) -
    segments.reduce((tokens, { tokenIds = [] }) => tokens + tokenIds.length, 0);

  const end = (state: EpisodeState, outcome: Outcome): EpisodeState => ({ ...state, next: null, outcome });
  const endWithout = (state: EpisodeState, endedBy: 'turns' | 'length') =>
    end(state, { correct: false, reward: 0, answer: null, endedBy });

  const goOn = (state: EpisodeState, tokenizer: EpisodeTokenizer): EpisodeState => {
    const maxTokens = Math.min(maxTokensPerTurn, contextRoom(state.segments, tokenizer));
    if (maxTokens < 1) return endWithout(state, 'length');
    return { ...state, next: { maxTokens, stop: [endOfCode, startOfObservation] } };
  };

  const observe = (state: EpisodeState, text: string, tokenizer: EpisodeTokenizer): EpisodeState => {
    if (state.turn >= maxSteps) return endWithout(state, 'turns');
    // A whole turn must still fit after it.
    const room = contextRoom(state.segments, tokenizer) - maxTokensPerTurn;
    const maxTokens = Math.min(maxObservationTokens, room);
    const observation = encodeCodeObservation({ text, prefix, suffix, maxTokens, tokenizer });
    if (observation === null) return endWithout(state, 'length');
    return goOn({ ...state, segments: [...state.segments, observation] }, tokenizer);
  };

  const settle = (options: {
    state: EpisodeState;
    turn: Pick<Action, 'turn' | 'text'>;
    parsed: ParsedCode & { code: string };
    result: CodeResult;
    tokenizer: EpisodeTokenizer;
  }): EpisodeState => {
    const { state, turn, parsed, result, tokenizer } = options;
    const { code, fenced } = parsed;
    const { stdout, value, error, answer, calls, lost } = result;
    if (!fenced && error?.startsWith('SyntaxError') === true) {
      const actions: Action[] = [...state.actions, { ...turn, kind: 'invalid', code, calls, executed: false }];
      return observe({ ...state, actions }, noCode(turn.text), tokenizer);
    }
    const action: Action = {
      ...turn,
      kind: 'code',
      code,
      stdout,
      ...(value === null ? {} : { value }),
      ...(error === null ? {} : { error }),
      ...(answer === null ? {} : { answer }),
      ...(lost ? {} : { calls }),
      executed: true,
    };
    const acted = { ...state, actions: [...state.actions, action] };
    if (answer === null) return observe(acted, renderResult(result, errorAdvice), tokenizer);
    const correct = isCorrect({ task: state.task, answer });
    return end(acted, { correct, reward: correct ? 1 : formatReward, answer, endedBy: 'answer' });
  };

  const act = async (
    { state: before, completion }: Turn,
    tokenizer: EpisodeTokenizer,
    signal: AbortSignal | undefined,
  ): Promise<EpisodeState> => {
    const { tokenIds, logProbs, text } = completion;
    const segment: Segment = { kind: 'policy', text, tokenIds: [...tokenIds], logProbs: [...logProbs] };
    const state = { ...before, turn: before.turn + 1, segments: [...before.segments, segment] };
    const turn = { turn: before.turn, text };
    const parsed = parseCode(text, language);
    const { code } = parsed;
    if (code === null) {
      const actions: Action[] = [...state.actions, { ...turn, kind: 'invalid', executed: false }];
      return observe({ ...state, actions }, noCode(text), tokenizer);
    }
    try {
      const result = await interpreters.run({ steps: codeSteps(state.actions), code, tools, signal });
      return settle({ state, turn, parsed: { ...parsed, code }, result, tokenizer });
    } catch (error) {
      signal?.throwIfAborted();
      // No episode could ever be played: that is a mistake of whoever set it up, and no event of the world.
      if (error instanceof ConfigError) throw error;
      const actions: Action[] = [...state.actions, { ...turn, kind: 'code', code, executed: false }];
      const outcome = { correct: false, reward: 0, answer: null, endedBy: 'error', error: errorText(error) } as const;
      return end({ ...state, actions }, outcome);
    }
  };

  return {
    name: 'code',

    start({ task, tokenizer }) {
      const prompt = encodePrompt({ task, template: promptTemplate, appendQuestionMark: false, tokenizer });
      const state: EpisodeState = {
        task,
        turn: 0,
        segments: [prompt],
        actions: [],
        next: null,
        outcome: null,
      };
      return goOn(state, tokenizer);
    },

    step: ({ turns, tokenizer, signal }) => Promise.all(turns.map((turn) => act(turn, tokenizer, signal))),

    oracle,
  };
}
