import { type Action, createRandom, type Outcome, type Task } from '@dgpo/trajectory';
import type { AgentCompletion, AgentEnvironment, AgentEpisode, AgentPolicy, AgentTokenizer } from '../episode.js';

/** One token per UTF-16 unit. */
export const tokenizer: AgentTokenizer = {
  encode: (text) => Array.from({ length: text.length }, (_, index) => text.charCodeAt(index)),
  decode: (tokenIds) => String.fromCharCode(...tokenIds),
};

export const task: Task = { id: 'sum', question: 'What is 17 + 25?', goldenAnswers: ['42'] };

export const startOf = (own: Task = task): AgentEpisode => ({
  task: own,
  turn: 0,
  segments: [{ kind: 'prompt', text: own.question, tokenIds: tokenizer.encode(own.question) }],
  actions: [],
  next: { maxTokens: 200, stop: ['<end>'] },
  outcome: null,
});

function actionOf(turn: number, text: string, total: number): { action: Action; total: number } {
  const base = { turn, text };
  const [, verb, rest = ''] = /^(?:Thought: .*?\n\n)?(\w+)(?: (.*))?$/s.exec(text) ?? [];
  switch (verb) {
    case 'add': {
      const sum = total + Number(rest);
      return { action: { ...base, kind: 'code', code: text, stdout: '', value: String(sum), executed: true }, total: sum };
    }
    case 'print':
      return { action: { ...base, kind: 'code', code: text, stdout: rest, executed: true }, total };
    case 'answer':
      return {
        action: { ...base, kind: 'code', code: text, stdout: '', answer: rest || String(total), executed: true },
        total,
      };
    case 'fail':
      return { action: { ...base, kind: 'code', code: text, stdout: '', error: 'NameError', executed: true }, total };
    default:
      return { action: { ...base, kind: 'invalid', executed: false }, total };
  }
}

/**
 * A little interpreter: `add n`, `print text`, `answer [text]`, `fail`, anything else cannot be read. The sum so far is `world`. After four
 * turns the episode is over. `steps` counts the turns that were carried out.
 */
export function codeWorld() {
  const counted = { steps: 0 };
  const environment: AgentEnvironment = {
    step: async ({ turns }) =>
      turns.map(({ state, completion }) => {
        counted.steps += 1;
        const { action, total } = actionOf(state.turn, completion.text, Number(state.world ?? 0));
        const { tokenIds, logProbs, text } = completion;
        const answered: Outcome | null =
          action.answer === undefined
            ? null
            : {
                correct: action.answer === '42',
                reward: action.answer === '42' ? 1 : 0,
                answer: action.answer,
                endedBy: 'answer',
              };
        const out: Outcome | null =
          state.turn === 3 ? { correct: false, reward: 0, answer: null, endedBy: 'turns' } : null;
        const seen = action.error ?? action.value ?? action.stdout ?? 'what?';
        return {
          ...state,
          turn: state.turn + 1,
          world: total,
          segments: [
            ...state.segments,
            { kind: 'policy' as const, text, tokenIds, logProbs },
            { kind: 'observation' as const, text: seen, tokenIds: tokenizer.encode(seen) },
          ],
          actions: [...state.actions, action],
          outcome: answered ?? out,
        };
      }),
  };
  return { environment, counted };
}

export const completionOf = (text: string): AgentCompletion => {
  const tokenIds = tokenizer.encode(text);
  return { tokenIds, logProbs: tokenIds.map((_, index) => -(index + 1) / 8), text, finishReason: 'stop' };
};

/** Writes one of these lines, drawn by the request's own random; records what it was asked. */
export function drawingPolicy(lines: readonly string[]) {
  const asked: { id: string; temperature: number }[] = [];
  const released: string[] = [];
  const policy: AgentPolicy = {
    ...tokenizer,
    name: 'drawing',
    generate: async (requests) => {
      asked.push(...requests.map(({ id, temperature }) => ({ id, temperature })));
      return requests.map(({ random }) => completionOf(random.pick(lines)));
    },
    release: (ids) => released.push(...ids),
  };
  return { policy, asked, released };
}

/** Writes these lines one after the other, whatever the request. */
export function listedPolicy(lines: readonly string[]): AgentPolicy {
  let next = 0;
  return {
    ...tokenizer,
    generate: async (requests) => requests.map(() => completionOf(lines[next++ % lines.length] ?? '')),
  };
}

export const requestOf = (episode: AgentEpisode, seed = 1) => ({
  id: `${episode.task.id}#${seed}`,
  contextTokenIds: episode.segments.flatMap(({ tokenIds = [] }) => tokenIds),
  maxTokens: episode.next?.maxTokens ?? 0,
  temperature: 1,
  stop: episode.next?.stop ?? [],
  random: createRandom(seed).split(episode.task.id, episode.turn),
  episode,
});
