import type { ChatMessage } from '@dgpo/trajectory';

/** One question to a model behind an API. */
export interface ChatRequest {
  messages: readonly ChatMessage[];
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** Longest reply, in tokens. @default 512 */
  maxTokens?: number;
  /** Texts that end the reply. @default none */
  stop?: readonly string[];
  /** A JSON schema that the reply must follow; a server that knows no `response_format` is asked without it. */
  schema?: { name: string; schema: object };
}

/** What it said. */
export interface ChatReply {
  /** Without the reasoning that some servers return apart. */
  text: string;
  /** Why it ended, as the server says: `stop`, `length`, …; null if it does not say. */
  finishReason: string | null;
}

/** The only thing asked of a model behind an API. Such as from {@link createChatEndpoint}. */
export interface ChatModel {
  /** Its name; part of what replies are cached under. */
  readonly model: string;
  /** Where it answers, if it is at an address; part of what replies are cached under, since names of models are not unique. */
  readonly endpoint?: string;
  /** @throws ModelError if there is no reply. */
  complete(request: ChatRequest): Promise<ChatReply>;
}
