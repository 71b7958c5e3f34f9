import { type ChatMessage, ConfigError } from '@dgpo/trajectory';
import { fieldsOf, onlyChoice } from '../teachers/answer.js';
import { AnswerProblem, createServerClient, type ServerOptions } from '../teachers/server-client.js';

/** One conversation to continue. */
export interface TextRequest {
  messages: readonly ChatMessage[];
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** Below 2^31. */
  seed: number;
  signal?: AbortSignal | undefined;
}

/** Whatever writes text: a model behind a server ({@link createServerTextGenerator}), one that runs here, or a script. */
export type TextGenerator = (request: TextRequest) => Promise<{ text: string; finishReason: 'stop' | 'length' }>;

export interface ServerTextGeneratorOptions extends ServerOptions {
  /** The model as the server names it. */
  model: string;
  /** @default 1 */
  topP?: number;
}

function readAnswer(answer: unknown): { text: string; finishReason: 'stop' | 'length' } {
  const choice = onlyChoice(answer);
  const { content, refusal } = fieldsOf(choice.message, 'choices.0.message');
  if (typeof content !== 'string') {
    const said = typeof refusal === 'string' ? `: ${refusal.slice(0, 300)}` : '';
    throw new AnswerProblem(`the model gave no text${said}`);
  }
  return { text: content, finishReason: choice.finish_reason === 'length' ? 'length' : 'stop' };
}

/**
 * Conversations continued by `/v1/chat/completions` of any OpenAI-compatible server, with the waits and retries of
 * {@link ServerOptions}.
 * @throws ConfigError for options out of range. The generator throws ModelError with the URL when the server stays unreachable or refuses,
 * and when the model gives no text.
 */
export function createServerTextGenerator(options: ServerTextGeneratorOptions): TextGenerator {
  const { model, topP = 1, ...server } = options;
  if (model.trim() === '') throw new ConfigError('the name of the model is empty', { where: 'model' });
  if (!(topP > 0 && topP <= 1))
    throw new ConfigError(`expected more than 0, at most 1, found ${topP}`, { where: 'topP' });
  const client = createServerClient(server);
  return ({ messages, maxTokens, temperature, seed, signal }) =>
    client.call(async (callSignal) => {
      const body = { model, messages, max_tokens: maxTokens, temperature, top_p: topP, seed };
      const request = { path: '/v1/chat/completions', body, read: readAnswer, signal: callSignal };
      // Without `absent` there is always an answer.
      return (await client.post(request)) ?? { text: '', finishReason: 'stop' };
    }, signal);
}
