import { isDgpoError } from '@dgpo/trajectory';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { ApiError, internalError } from './api-error.js';
import type { ChoiceEvent } from './choice-events.js';
import type { ChoiceWriter } from './completion-choices.js';

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface RespondOptions<Part> {
  context: Context;
  /** What every answer and every chunk begins with. */
  head: { id: string; created: number; model: string };
  /** `object` of a whole answer and of a chunk. */
  objects: { answer: string; chunk: string };
  events: AsyncIterable<ChoiceEvent>;
  writers: readonly ChoiceWriter<Part>[];
  join: (left: Part, right: Part) => Part;
  /** The choice from its joined parts. */
  finish: (part: Part) => unknown;
  promptTokens: number;
  stream: boolean;
  includeUsage: boolean;
  /** Fields of the first chunk, or of the answer. */
  extra?: Record<string, unknown>;
  /** Why an answer was cut short, as an error of the API. */
  explain: (error: unknown) => ApiError;
  /** Calls everything off. */
  abort: () => void;
}

/** What clients may know about an error inside. */
export function toApiError(error: unknown, log: (message: string) => void): ApiError {
  if (error instanceof ApiError) return error;
  log(isDgpoError(error) || error instanceof Error ? error.message : String(error));
  return internalError();
}

/** Answers with the choices: as one object, or as server-sent events that end with `[DONE]`. */
export async function respond<Part extends object>(options: RespondOptions<Part>): Promise<Response> {
  const { context, head, objects, events, writers, join, finish, promptTokens, stream, includeUsage } = options;
  const { extra = {}, explain, abort } = options;
  let completionTokens = 0;
  const parts = async function* () {
    for await (const event of events) {
      if (event.type === 'token') completionTokens += 1;
      const part = writers[event.index]?.add(event);
      if (part !== undefined) yield { index: event.index, part };
    }
  };
  const usage = (): Usage => ({
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  });

  if (!stream) {
    const choices = new Map<number, Part>();
    try {
      for await (const { index, part } of parts()) {
        const before = choices.get(index);
        choices.set(index, before === undefined ? part : join(before, part));
      }
    } catch (error) {
      throw explain(error);
    }
    const inOrder = writers.flatMap((_, index) => choices.get(index) ?? []);
    return context.json({ ...head, object: objects.answer, ...extra, choices: inOrder.map(finish), usage: usage() });
  }

  return streamSSE(context, async (sse) => {
    sse.onAbort(abort);
    const send = (value: object) => sse.writeSSE({ data: JSON.stringify(value) });
    let first = true;
    try {
      for await (const { part } of parts()) {
        await send({
          ...head,
          object: objects.chunk,
          ...(first ? extra : {}),
          choices: [part],
          ...(includeUsage ? { usage: null } : {}),
        });
        first = false;
      }
      if (includeUsage) await send({ ...head, object: objects.chunk, choices: [], usage: usage() });
      await sse.writeSSE({ data: '[DONE]' });
    } catch (error) {
      // The status is sent already.
      await send(explain(error).body);
    }
  });
}
