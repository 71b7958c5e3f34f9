import type { ChatMessage } from '@dgpo/trajectory';
import { fieldsOf, onlyChoice } from '../teachers/answer.js';
import type { ServerClient } from '../teachers/server-client.js';

/** A form that answers must have. */
interface AnswerSchema {
  name: string;
  /** JSON Schema. */
  schema: object;
}

export interface ChatRequest {
  messages: readonly ChatMessage[];
  answer: AnswerSchema;
  signal?: AbortSignal | undefined;
}

/** What a model said, and what that took. */
export interface ChatAnswer {
  /** Empty when it gave none. */
  text: string;
  /** Why it gave no text, as far as it says. */
  refusal?: string;
  /** As the server counts them; 0 when it does not say. */
  inputTokens: number;
  outputTokens: number;
}

/** Statuses by which servers refuse a response format that they do not know. */
const refusals = [400, 404, 422, 501];

function readAnswer(answer: unknown): ChatAnswer {
  const { content, refusal } = fieldsOf(onlyChoice(answer).message, 'choices.0.message');
  const usage = fieldsOf(fieldsOf(answer, 'its top').usage ?? {}, 'usage');
  const count = (value: unknown) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  return {
    text: typeof content === 'string' ? content : '',
    ...(typeof content !== 'string' && typeof refusal === 'string' ? { refusal: refusal.slice(0, 300) } : {}),
    inputTokens: count(usage.prompt_tokens),
    outputTokens: count(usage.completion_tokens),
  };
}

/**
 * Asks a model by `/v1/chat/completions` for an answer in a form: by its schema, then for JSON, then by the words of the prompt alone,
 * as the server allows. What it allowed is remembered.
 *
 * The function throws ModelError when the server does not answer or refuses the plain request too.
 */
export function createChat(options: {
  client: ServerClient;
  model: string;
  maxTokens: number;
}): (request: ChatRequest) => Promise<ChatAnswer> {
  const { client, model, maxTokens } = options;
  let allowed = 0;
  return ({ messages, answer: { name, schema }, signal }) =>
    client.call(async (all) => {
      const formats = [
        { response_format: { type: 'json_schema', json_schema: { name, schema, strict: true } } },
        { response_format: { type: 'json_object' } },
        {},
      ];
      for (let format = allowed; ; format++) {
        const isLast = format >= formats.length - 1;
        const answer = await client.post({
          path: '/v1/chat/completions',
          body: { model, messages, temperature: 0, max_tokens: maxTokens, ...formats[format] },
          read: readAnswer,
          absent: isLast ? [] : refusals,
          signal: all,
        });
        if (answer === undefined) continue;
        allowed = Math.max(allowed, format);
        return answer;
      }
    }, signal);
}
