import { isDgpoError } from '@dgpo/trajectory';
import type { ChatModel, ChatReply, ChatRequest } from './chat-model.js';

export interface AskAllOptions {
  chat: ChatModel;
  requests: readonly ChatRequest[];
  /** Requests on the way at once. @default 8 */
  concurrency?: number;
  /** After so many failures in a row the rest is not asked any more: the server is down, or refuses all alike. @default 20 */
  giveUpAfter?: number;
  /** Called after each. */
  onProgress?: (done: number) => void;
}

/** A reply, or why there is none. */
export type Asked = { reply: ChatReply } | { problem: string };

/** Asks a model many things side by side. A request that fails is a problem in its place and stops none of the others. */
export async function askAll(options: AskAllOptions): Promise<Asked[]> {
  const { chat, requests, concurrency = 8, giveUpAfter = 20, onProgress } = options;
  const results: Asked[] = [];
  let next = 0;
  let done = 0;
  let failures = 0;
  const work = async () => {
    for (let index = next++; index < requests.length; index = next++) {
      const request = requests[index];
      if (request === undefined) return;
      results[index] =
        failures >= giveUpAfter ? { problem: `not asked: ${failures} requests in a row failed` } : await ask(request);
      onProgress?.(++done);
    }
  };
  const ask = async (request: ChatRequest): Promise<Asked> => {
    try {
      const reply = await chat.complete(request);
      failures = 0;
      return { reply };
    } catch (error) {
      // Anything else, such as a full disk or a mistake in the code, is not the model's.
      if (!isDgpoError(error) || error.code !== 'MODEL_ERROR') throw error;
      failures++;
      return { problem: error.message };
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, requests.length)) }, work));
  return results;
}
