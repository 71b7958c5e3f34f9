import { randomUUID } from 'node:crypto';
import { isDgpoError } from '@dgpo/trajectory';
import type { Context } from 'hono';
import { conversationTokens } from '../generate/conversation-tokens.js';
import { ApiError } from './api-error.js';
import { chatChoiceWriter, joinChatDeltas, toChatChoice } from './chat-choices.js';
import { choiceEvents } from './choice-events.js';
import { completionChoiceWriter, joinCompletionChoices } from './completion-choices.js';
import { parseRequest } from './parse-request.js';
import {
  type ChatRequest,
  type CompletionRequest,
  chatRequestSchema,
  completionRequestSchema,
  type SharedRequest,
  tokenizeRequestSchema,
} from './request-schemas.js';
import { respond } from './respond.js';
import type { ServedModel } from './served-model.js';

export interface RouteOptions {
  model: ServedModel;
  /** Aborts everything that belongs to one request. */
  controller: AbortController;
  /** Seconds since 1970. */
  now: () => number;
  /** Why an answer was cut short, as an error of the API. */
  explain: (error: unknown) => ApiError;
}

function checkModel(request: Pick<SharedRequest, 'model'>, model: ServedModel): void {
  if (typeof request.model !== 'string' || request.model === model.name) return;
  throw new ApiError(404, `this server has no model "${request.model}", only "${model.name}"`, {
    param: 'model',
    code: 'model_not_found',
  });
}

const streamed = (request: SharedRequest) => ({
  stream: request.stream === true,
  includeUsage: request.stream_options?.include_usage === true,
});

const count = (prompts: readonly (readonly number[])[]) => prompts.reduce((sum, prompt) => sum + prompt.length, 0);

/** Token ids of the prompts. The names of special tokens in a text stand for these tokens. */
function promptsOf({ prompt }: CompletionRequest, { tokenizer }: ServedModel): number[][] {
  const encode = (text: string) => tokenizer.encode(text, { allowSpecial: true });
  if (typeof prompt === 'string') return [encode(prompt)];
  if (prompt.every((item) => typeof item === 'number')) return [prompt];
  return prompt.map((item) => (typeof item === 'string' ? encode(item) : (item as number[])));
}

/** `POST /v1/completions` */
export async function completions(context: Context, options: RouteOptions): Promise<Response> {
  const { model, controller, now, explain } = options;
  const { signal } = controller;
  const request = parseRequest(await context.req.text(), completionRequestSchema);
  checkModel(request, model);
  const { tokenizer, name } = model;
  const prompts = promptsOf(request, model);
  const n = request.n ?? 1;
  const alternatives = request.logprobs ?? undefined;
  const events = choiceEvents({
    model,
    prompts,
    request,
    maxTokens: request.max_tokens ?? 16,
    alternatives,
    promptAlternatives: promptAlternatives(request),
    signal,
  });
  return respond({
    context,
    head: { id: `cmpl-${randomUUID()}`, created: now(), model: name },
    objects: { answer: 'text_completion', chunk: 'text_completion' },
    events,
    writers: prompts.flatMap((promptTokenIds, prompt) =>
      Array.from({ length: n }, (_, choice) =>
        completionChoiceWriter({ index: prompt * n + choice, request, promptTokenIds, tokenizer }),
      ),
    ),
    join: joinCompletionChoices,
    finish: (choice) => choice,
    promptTokens: count(prompts),
    ...streamed(request),
    explain,
    abort: () => controller.abort(),
  });
}

/** Alternatives that are wanted for each token of the prompt; undefined when it is not to be scored. */
function promptAlternatives({ echo, logprobs, prompt_logprobs: vllm }: CompletionRequest): number | undefined {
  const echoed = echo === true ? (logprobs ?? undefined) : undefined;
  // A rank is part of each entry, so that the logits are needed even for no alternatives.
  const asked = typeof vllm === 'number' ? Math.max(1, vllm) : undefined;
  return echoed === undefined && asked === undefined ? undefined : Math.max(echoed ?? 0, asked ?? 0);
}

function conversation({ messages }: Pick<ChatRequest, 'messages'>, { chatTemplate, tokenizer }: ServedModel): number[] {
  if (chatTemplate === undefined) {
    throw new ApiError(400, 'this model has no chat template; use /v1/completions', { code: 'no_chat_template' });
  }
  const flat = messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
  }));
  try {
    return conversationTokens({ messages: flat, template: chatTemplate, tokenizer });
  } catch (error) {
    // Templates refuse roles and orders they were not made for.
    if (!isDgpoError(error)) throw error;
    throw new ApiError(400, `messages: ${error.message}`, { param: 'messages' });
  }
}

/** `POST /v1/chat/completions` */
export async function chatCompletions(context: Context, options: RouteOptions): Promise<Response> {
  const { model, controller, now, explain } = options;
  const request = parseRequest(await context.req.text(), chatRequestSchema);
  checkModel(request, model);
  const { tokenizer, name } = model;
  if (typeof request.top_logprobs === 'number' && request.logprobs !== true) {
    throw new ApiError(400, 'top_logprobs: needs logprobs: true', { param: 'top_logprobs' });
  }
  const promptTokenIds = conversation(request, model);
  const events = choiceEvents({
    model,
    prompts: [promptTokenIds],
    request,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    alternatives: request.logprobs === true ? (request.top_logprobs ?? 0) : undefined,
    signal: controller.signal,
  });
  return respond({
    context,
    head: { id: `chatcmpl-${randomUUID()}`, created: now(), model: name },
    objects: { answer: 'chat.completion', chunk: 'chat.completion.chunk' },
    events,
    writers: Array.from({ length: request.n ?? 1 }, (_, index) => chatChoiceWriter({ index, request, tokenizer })),
    join: joinChatDeltas,
    finish: toChatChoice,
    promptTokens: promptTokenIds.length,
    ...streamed(request),
    ...(request.return_token_ids === true ? { extra: { prompt_token_ids: promptTokenIds } } : {}),
    explain,
    abort: () => controller.abort(),
  });
}

/** `POST /tokenize`, in the manner of vLLM. Nothing is added to a text, and the names of special tokens in it stand for these tokens. */
export async function tokenize(context: Context, { model }: RouteOptions): Promise<Response> {
  const request = parseRequest(await context.req.text(), tokenizeRequestSchema);
  checkModel(request, model);
  const { prompt = '', messages } = request;
  const tokens =
    messages === undefined ? model.tokenizer.encode(prompt, { allowSpecial: true }) : conversation({ messages }, model);
  return context.json({ count: tokens.length, max_model_len: model.sampler.maxContextTokens, tokens });
}
