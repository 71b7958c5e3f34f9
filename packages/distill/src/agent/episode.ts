import type { Action, ChatMessage, Outcome, Random, Segment, Task } from '@dgpo/trajectory';

/** What this module reads of an episode in progress; `EpisodeState` of `@dgpo/envs` is one. */
export interface AgentEpisode {
  task: Task;
  /** Turns that the policy has taken. */
  turn: number;
  segments: Segment[];
  actions: Action[];
  /** Where a text world stands: plain data. */
  world?: unknown;
  next: { maxTokens: number; stop: string[] } | null;
  outcome: Outcome | null;
}

/** `EpisodeTokenizer` of `@dgpo/envs`. */
export interface AgentTokenizer {
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
  decode(tokenIds: readonly number[]): string;
  renderChat?(messages: readonly ChatMessage[]): string;
  maxContextTokens?: number;
}

/** `GenerateRequest` of `@dgpo/envs`. */
export interface AgentRequest {
  id: string;
  contextTokenIds: readonly number[];
  maxTokens: number;
  temperature: number;
  stop?: readonly string[];
  random: Random;
  /** What the turn begins with already: the end of `contextTokenIds`, for policies that send `episode` as messages in their place. */
  turnPrefix?: string;
  episode?: AgentEpisode;
  onToken?: (tokenId: number) => void;
}

/** `GenerateResult` of `@dgpo/envs`. */
export interface AgentCompletion {
  tokenIds: number[];
  logProbs: number[];
  text: string;
  finishReason: 'stop' | 'length' | 'end';
}

/** `Policy` of `@dgpo/envs`. */
export interface AgentPolicy extends AgentTokenizer {
  name?: string;
  generate(requests: readonly AgentRequest[]): Promise<AgentCompletion[]>;
  release?(ids: readonly string[]): void;
}

/** The part of `Environment` of `@dgpo/envs` that carries turns out. */
export interface AgentEnvironment {
  /** The next state of each turn, in order, leaving the given states as they are. */
  step(options: {
    turns: readonly { state: AgentEpisode; completion: AgentCompletion }[];
    tokenizer: AgentTokenizer;
    signal?: AbortSignal | undefined;
  }): Promise<AgentEpisode[]>;
}

/** The encoding of a policy, to put another one around it. */
export function tokenizerOf(policy: AgentTokenizer): AgentTokenizer {
  const { renderChat, maxContextTokens } = policy;
  return {
    encode: (text, options) => policy.encode(text, options),
    decode: (tokenIds) => policy.decode(tokenIds),
    ...(renderChat === undefined ? {} : { renderChat: (messages) => renderChat.call(policy, messages) }),
    ...(maxContextTokens === undefined ? {} : { maxContextTokens }),
  };
}
