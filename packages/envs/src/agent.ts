import { createRandom, EnvironmentError, ModelError, type RetrievedDocument, type Trajectory } from '@dgpo/trajectory';
import type { EpisodeState } from './environment.js';
import { generateTurns } from './generate-turns.js';
import type { Policy } from './policy.js';
import type { SearchCall } from './search/search-actions.js';
import {
  createSearchEnvironment,
  defaultMaxSearches,
  type SearchEnvironmentOptions,
  searchActionsOf,
} from './search/search-environment.js';
import { toTrajectory } from './to-trajectory.js';

/** What an agent does while it answers, in order. */
export type AgentEvent =
  | { type: 'thought'; text: string }
  | { type: 'search'; query: string }
  /** `query` is empty for an opened document. */
  | { type: 'documents'; query: string; documents: RetrievedDocument[] }
  /** A document is to be opened; its `documents` follow unless there is none. */
  | { type: 'open'; document: string }
  /** Another tool is to be called, and what it answered. */
  | { type: 'tool'; name: string; arguments: Readonly<Record<string, unknown>> }
  | { type: 'observation'; text: string }
  /** A turn without an action that could be carried out. */
  | { type: 'invalid'; text: string }
  /** The last event: `answer` is null when the agent ran out of turns or context. */
  | { type: 'answer'; answer: string | null; trajectory: Trajectory };

export interface AgentOptions extends SearchEnvironmentOptions {
  /** What writes: any policy, such as one over a model of `@dgpo/lm`. */
  model: Policy;
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** @default 0 */
  seed?: number;
}

export interface AskOptions {
  signal?: AbortSignal;
  /** Called with the text of each token as it is sampled, by models that stream. */
  onToken?: (text: string) => void;
}

export interface Agent {
  /**
   * Answers a question and yields what happens on the way.
   * @throws EnvironmentError when the retriever fails, ModelError when the policy has no result, and the signal's reason when aborted.
   */
  ask(question: string, options?: AskOptions): AsyncIterable<AgentEvent>;
  /** The answer alone, null when there is none. @throws as `ask` does. */
  answer(question: string, options?: AskOptions): Promise<string | null>;
}

/** What a call that is carried out looks like to the user. */
function announce(call: SearchCall): AgentEvent | null {
  if (call.kind === 'search') return { type: 'search', query: call.query };
  if (call.kind === 'open') return { type: 'open', document: call.document };
  return call.kind === 'tool' ? { type: 'tool', name: call.tool.name, arguments: call.arguments } : null;
}

/**
 * An agent that answers questions by searching: the search environment's own loop, one question at a time. Takes every option of
 * {@link createSearchEnvironment}.
 * @throws ConfigError for options out of range.
 */
export function createAgent(options: AgentOptions): Agent {
  const { model: policy, temperature = 0, seed = 0, ...environmentOptions } = options;
  const environment = createSearchEnvironment(environmentOptions);
  const actions = searchActionsOf(environmentOptions);
  const maxSearches = options.maxSearches ?? defaultMaxSearches;
  let asked = 0;

  async function* ask(question: string, { signal, onToken }: AskOptions = {}): AsyncGenerator<AgentEvent> {
    const id = `ask-${asked++}`;
    const task = { id, question, goldenAnswers: [] };
    let state: EpisodeState = environment.start({ task, tokenizer: policy });
    try {
      while (state.outcome === null) {
        signal?.throwIfAborted();
        const random = createRandom(seed).split(question, state.turn);
        const turns = await generateTurns({
          policy,
          episodes: [{ id, state, random }],
          temperature,
          onToken: onToken === undefined ? undefined : (tokenId) => onToken(policy.decode([tokenId])),
        });
        signal?.throwIfAborted();
        const { text = '', error } = turns[0]?.completion ?? {};
        if (error !== undefined) throw new ModelError(error);
        const { thought, ...call } = actions.parse(text);
        if (thought !== '' && call.kind !== 'invalid') yield { type: 'thought', text: thought };
        const announced = state.turn < maxSearches ? announce(call) : null;
        if (announced !== null) yield announced;
        const [stepped] = await environment.step({ turns, tokenizer: policy, signal });
        state = stepped ?? state;
        if (state.outcome?.error !== undefined) throw new EnvironmentError(state.outcome.error, { where: 'search' });
        const { documents } = state.actions.at(-1) ?? {};
        if (announced !== null && documents !== undefined) {
          yield { type: 'documents', query: 'query' in announced ? announced.query : '', documents };
        } else if (announced !== null) {
          const seen = state.segments.at(-1);
          if (seen?.kind === 'observation') yield { type: 'observation', text: seen.text.trim() };
        } else if (call.kind !== 'answer') {
          yield { type: 'invalid', text };
        }
      }
    } finally {
      policy.release?.([id]);
    }
    const { outcome } = state;
    const trajectory = toTrajectory({ id, sample: 0, state, outcome, environment, policy });
    yield { type: 'answer', answer: outcome.answer, trajectory };
  }

  return {
    ask,
    async answer(question, askOptions) {
      let answer: string | null = null;
      for await (const event of ask(question, askOptions)) if (event.type === 'answer') answer = event.answer;
      return answer;
    },
  };
}
