import { z } from 'zod';

/** Fields that clients send with the value that changes nothing; any other value is refused. */
const neutral = {
  presence_penalty: z.literal(0, { error: 'only 0 is supported' }).nullish(),
  frequency_penalty: z.literal(0, { error: 'only 0 is supported' }).nullish(),
  repetition_penalty: z.literal(1, { error: 'only 1 is supported' }).nullish(),
  logit_bias: z.strictObject({}, { error: 'is not supported' }).nullish(),
};

const stopText = z.string().min(1, { error: 'a stop string is empty' }).max(1000, { error: 'is too long' });

/** Fields that both kinds of completion share, named as in OpenAI's API and, for what that has not, in vLLM's. */
const shared = {
  ...neutral,
  model: z.string().nullish(),
  max_tokens: z.int({ error: 'expected an integer' }).min(0, { error: 'must be at least 0' }).nullish(),
  temperature: z.number().min(0, { error: 'must be at least 0' }).max(100, { error: 'must be at most 100' }).nullish(),
  top_p: z.number().gt(0, { error: 'must be above 0' }).max(1, { error: 'must be at most 1' }).nullish(),
  top_k: z.int({ error: 'expected an integer' }).min(-1, { error: 'must be at least -1' }).nullish(),
  min_p: z.number().min(0, { error: 'must be at least 0' }).max(1, { error: 'must be at most 1' }).nullish(),
  n: z
    .int({ error: 'expected an integer' })
    .min(1, { error: 'must be at least 1' })
    .max(128, { error: 'must be at most 128' })
    .nullish(),
  seed: z.int({ error: 'expected an integer' }).nullish(),
  stop: z
    .union([stopText, z.array(stopText).max(16)], { error: 'expected a text or up to 16, none of them empty' })
    .nullish(),
  stream: z.boolean({ error: 'expected true or false' }).nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
  return_token_ids: z.boolean({ error: 'expected true or false' }).nullish(),
  return_tokens_as_token_ids: z.boolean({ error: 'expected true or false' }).nullish(),
  skip_special_tokens: z.boolean({ error: 'expected true or false' }).nullish(),
  user: z.string().nullish(),
};

const logProbCount = z
  .int({ error: 'expected an integer' })
  .min(0, { error: 'must be at least 0' })
  .max(20, { error: 'must be at most 20' })
  .nullish();

const tokenId = z.int().min(0);
const promptError = 'expected a text, texts, token ids or lists of token ids, none of them empty';

/** `POST /v1/completions`. */
export const completionRequestSchema = z.strictObject({
  ...shared,
  prompt: z.union(
    [
      z.string().min(1, { error: 'is empty' }),
      z.array(z.string().min(1)).min(1),
      z.array(tokenId).min(1),
      z.array(z.array(tokenId).min(1)).min(1),
    ],
    { error: promptError },
  ),
  logprobs: logProbCount,
  echo: z.boolean({ error: 'expected true or false' }).nullish(),
  prompt_logprobs: logProbCount,
  best_of: z.literal(1, { error: 'only 1 is supported' }).nullish(),
  suffix: z.literal('', { error: 'is not supported' }).nullish(),
});

export type CompletionRequest = z.infer<typeof completionRequestSchema>;

const textPart = z.strictObject({ type: z.literal('text', { error: 'only text is supported' }), text: z.string() });

const message = z.strictObject({
  role: z.string().min(1),
  content: z.union([z.string(), z.array(textPart)], { error: 'expected a text or parts of type text' }),
  name: z.string().nullish(),
});

/** `POST /v1/chat/completions`. */
export const chatRequestSchema = z.strictObject({
  ...shared,
  messages: z.array(message, { error: 'expected a list of messages' }).min(1, { error: 'is empty' }),
  max_completion_tokens: shared.max_tokens,
  logprobs: z.boolean({ error: 'expected true or false' }).nullish(),
  top_logprobs: logProbCount,
  tools: z.array(z.never(), { error: 'is not supported' }).max(0, { error: 'is not supported' }).nullish(),
  response_format: z.strictObject({ type: z.literal('text', { error: 'only text is supported' }) }).nullish(),
});

/** `POST /tokenize`: the ids of a text, or of a conversation up to where the model is to write. */
export const tokenizeRequestSchema = z
  .strictObject({
    model: z.string().nullish(),
    prompt: z.string().optional(),
    messages: z.array(message).min(1, { error: 'is empty' }).optional(),
    add_special_tokens: z.literal(false, { error: 'only false is supported' }).nullish(),
    add_generation_prompt: z.literal(true, { error: 'only true is supported' }).nullish(),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    error: 'give either prompt or messages',
  });

export type ChatRequest = z.infer<typeof chatRequestSchema>;
export type SharedRequest = Pick<CompletionRequest, keyof typeof shared>;
