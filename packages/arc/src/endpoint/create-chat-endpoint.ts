import { ModelError } from '@dgpo/trajectory';
import type { ChatModel, ChatReply, ChatRequest } from './chat-model.js';
import { createJsonClient, type JsonClientOptions, RequestProblem, serverUrl } from './json-client.js';

export interface ChatEndpointOptions extends JsonClientOptions {
  /** Of the server, with or without `/v1` at the end: `http://127.0.0.1:8000`. */
  endpoint: string;
  /** The name under which it serves the model. */
  model: string;
}

/**
 * A model behind OpenAI's `POST /v1/chat/completions`, as vLLM, llama.cpp, Ollama and `dgpo serve` have it too. A request with a schema is
 * sent with `response_format`; once a server refuses that, schemas are left out.
 *
 * @throws ConfigError for a bad URL or option, and for a key that is not set.
 */
export function createChatEndpoint(options: ChatEndpointOptions): ChatModel {
  const { endpoint, model, ...client } = options;
  const base = serverUrl(endpoint);
  const url = `${base.endsWith('/v1') ? base : `${base}/v1`}/chat/completions`;
  const post = createJsonClient(client);
  let knowsSchemas = true;

  async function ask(request: ChatRequest, withSchema: boolean): Promise<ChatReply> {
    const { messages, temperature = 0, maxTokens = 512, stop, schema } = request;
    const answer = await post(url, {
      model,
      messages,
      temperature,
      max_tokens: maxTokens,
      ...(stop === undefined || stop.length === 0 ? {} : { stop }),
      ...(withSchema && schema !== undefined
        ? { response_format: { type: 'json_schema', json_schema: { ...schema, strict: true } } }
        : {}),
    });
    return readReply(answer);
  }

  return {
    model,
    endpoint: url,
    async complete(request) {
      const withSchema = knowsSchemas && request.schema !== undefined;
      try {
        try {
          return await ask(request, withSchema);
        } catch (error) {
          const isRefusal = error instanceof RequestProblem && (error.status === 400 || error.status === 422);
          if (!withSchema || !isRefusal) throw error;
          const reply = await ask(request, false);
          // Only an answer without the schema shows that it was the schema.
          knowsSchemas = false;
          return reply;
        }
      } catch (error) {
        if (error instanceof RequestProblem) throw new ModelError(error.message, { where: url });
        throw error;
      }
    },
  };
}

interface Completion {
  choices?: readonly ({ message?: { content?: unknown } | null; finish_reason?: unknown } | null)[];
}

function readReply(answer: unknown): ChatReply {
  const { choices } = (typeof answer === 'object' && answer !== null ? answer : {}) as Completion;
  const choice = Array.isArray(choices) ? (choices as NonNullable<Completion['choices']>)[0] : undefined;
  const content = choice?.message?.content;
  // A reply that was all reasoning has null for content.
  if (choice?.message === undefined || (typeof content !== 'string' && content !== null && content !== undefined)) {
    throw new RequestProblem(`expected choices[0].message.content, found ${found(answer)}`, null);
  }
  return {
    text: content ?? '',
    finishReason: typeof choice.finish_reason === 'string' ? choice.finish_reason : null,
  };
}

const found = (value: unknown) => (JSON.stringify(value) ?? String(value)).slice(0, 120);
