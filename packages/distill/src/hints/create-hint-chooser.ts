import { requireCount } from '../require-options.js';
import { createServerClient, type ServerOptions } from '../teachers/server-client.js';
import { createChat } from './ask-chat.js';
import { parseIndices } from './parse-hints.js';
import type { HintChooser } from './retrieve-hints.js';

export interface HintChooserOptions extends ServerOptions {
  /** The model as the server names it. */
  model: string;
  /** Longest answer, in tokens. @default 100 */
  maxTokens?: number;
}

const answerSchema = {
  name: 'answer',
  schema: {
    type: 'object',
    properties: { answer: { type: 'array', items: { type: 'integer' } } },
    required: ['answer'],
    additionalProperties: false,
  },
};

/**
 * A model that picks hints by their numbers, out of all hints of the category. An answer without a usable number picks none, so that the
 * retriever takes the most frequent ones.
 *
 * The function throws ModelError when the server does not answer in time or refuses.
 *
 * @throws ConfigError for a bad URL, limit or key
 */
export function createHintChooser(options: HintChooserOptions): HintChooser {
  const { model, maxTokens = 100 } = options;
  requireCount('maxTokens', maxTokens);
  const ask = createChat({ client: createServerClient({ maxBodyBytes: 4 << 20, ...options }), model, maxTokens });
  return async ({ query, hints, k, signal }) => {
    const list = hints.map((hint, index) => `${index + 1}. ${hint}`).join('\n');
    const content = `Someone is about to do this task:\n${query}\n\nAdvice from earlier tasks of the kind:\n${list}\n
Which pieces of advice, at most ${k}, help most with it? Answer with their numbers, the most helpful first, as JSON and nothing else: {"answer": [number, …]}`;
    const messages = [{ role: 'user', content }];
    const { text, inputTokens, outputTokens } = await ask({ messages, answer: answerSchema, signal });
    return { indices: parseIndices(text, { count: hints.length, k }), tokens: inputTokens + outputTokens };
  };
}
