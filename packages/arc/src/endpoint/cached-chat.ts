import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type JsonLinesWriter, openJsonLinesWriter, readJsonLines } from '@dgpo/trajectory';
import type { ChatModel, ChatReply, ChatRequest } from './chat-model.js';

export interface CachedChatOptions {
  chat: ChatModel;
  /** The JSONL file of replies; it is made if there is none, and a line torn by a crash is asked again. */
  path: string;
  /** Which replies to keep; the others are asked again next time. @default all */
  keep?: (reply: ChatReply) => boolean;
}

export interface CachedChat extends ChatModel {
  /** How many requests were answered from the file. */
  readonly hits: number;
  /** Flushes and closes the file. */
  close(): Promise<void>;
}

/**
 * A model whose replies are kept on disk under the SHA-256 of address, model and request, so that work that was interrupted asks only for what is
 * missing. Failures are not kept. One process writes a file at a time.
 *
 * @throws DatasetError if the file cannot be read as such, or not written.
 */
export async function openCachedChat({ chat, path, keep = () => true }: CachedChatOptions): Promise<CachedChat> {
  // Opening mends a torn line, so it comes first.
  const writer: JsonLinesWriter = await openJsonLinesWriter({ path, append: true });
  const known = new Map<string, ChatReply>();
  try {
    if (existsSync(path)) {
      for await (const line of readJsonLines(path)) {
        const record = readRecord(line);
        if (record !== undefined) known.set(record.key, record.reply);
      }
    }
  } catch (error) {
    await writer.close();
    throw error;
  }
  let hits = 0;
  return {
    model: chat.model,
    get hits() {
      return hits;
    },
    async complete(request) {
      const key = keyOf(chat, request);
      const cached = known.get(key);
      if (cached !== undefined && keep(cached)) {
        hits++;
        return cached;
      }
      const reply = await chat.complete(request);
      if (keep(reply)) {
        known.set(key, reply);
        await writer.write({ key, model: chat.model, ...reply });
      }
      return reply;
    },
    close: () => writer.close(),
  };
}

function keyOf(
  { model, endpoint = '' }: ChatModel,
  { messages, temperature = 0, maxTokens = 512, stop = [], schema }: ChatRequest,
): string {
  const content = [
    endpoint,
    model,
    messages.map(({ role, content }) => [role, content]),
    temperature,
    maxTokens,
    stop,
    schema,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function readRecord(line: unknown): { key: string; reply: ChatReply } | undefined {
  if (typeof line !== 'object' || line === null) return undefined;
  const { key, text, finishReason = null } = line as Record<string, unknown>;
  if (typeof key !== 'string' || typeof text !== 'string') return undefined;
  return { key, reply: { text, finishReason: typeof finishReason === 'string' ? finishReason : null } };
}
