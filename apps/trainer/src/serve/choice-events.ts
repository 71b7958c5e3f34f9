import { createRandom, type Random } from '@dgpo/trajectory';
import { createTextStream } from '../generate/text-stream.js';
import { ApiError } from './api-error.js';
import { type Channel, createChannel } from './channel.js';
import type { SharedRequest } from './request-schemas.js';
import { scorePrompt } from './score-prompt.js';
import { type ScoredToken, scoreLogits } from './scored-token.js';
import type { ServedModel } from './served-model.js';

/** What happens to the choices of a request, in order for each of them. */
export type ChoiceEvent =
  | { type: 'prompt'; index: number; scored: (ScoredToken | null)[] | undefined }
  /** `text` is what the token releases; it may be empty. */
  | { type: 'token'; index: number; id: number; text: string; scored: ScoredToken | undefined }
  | { type: 'end'; index: number; text: string; finishReason: 'stop' | 'length'; stopReason: string | null };

export interface ChoiceEventsOptions {
  model: ServedModel;
  prompts: readonly (readonly number[])[];
  request: SharedRequest;
  /** Of each choice. @default what the context has left */
  maxTokens?: number | undefined;
  /** Alternatives to report for each sampled token; without it no log-probabilities are made. */
  alternatives?: number | undefined;
  /** The same for the prompt. */
  promptAlternatives?: number | undefined;
  signal: AbortSignal;
}

/** The draws of each choice: with a seed they depend on that and on its place among the choices of its prompt alone. */
function randomFor(model: ServedModel, seed: number | null | undefined): (prompt: number, choice: number) => Random {
  if (seed !== undefined && seed !== null) return (_, choice) => createRandom(seed).split('choice', choice);
  const random = model.nextRandom();
  return (prompt, choice) => random.split(prompt, choice);
}

function checkPrompts({ model, prompts, maxTokens = 0 }: ChoiceEventsOptions): void {
  const limit = model.sampler.maxContextTokens;
  for (const tokenIds of prompts) {
    const unknown = tokenIds.find((id) => id >= model.tokenizer.vocabularySize);
    if (unknown !== undefined) {
      throw new ApiError(
        400,
        `prompt: ${unknown} is no token id; the vocabulary has ${model.tokenizer.vocabularySize}`,
        {
          param: 'prompt',
        },
      );
    }
    if (tokenIds.length === 0) throw new ApiError(400, 'prompt: is empty', { param: 'prompt' });
    if (tokenIds.length + maxTokens > limit) {
      throw new ApiError(
        400,
        `${tokenIds.length} tokens of the prompt and ${maxTokens} to sample are more than the ${limit} of the context`,
        { param: 'prompt', code: 'context_length_exceeded' },
      );
    }
  }
}

/** `n` choices for each prompt, numbered prompt by prompt. */
async function run(options: ChoiceEventsOptions, channel: Channel<ChoiceEvent>): Promise<void> {
  const { model, prompts, request, alternatives, promptAlternatives, signal } = options;
  const { decoder, tokenizer, scheduler, sampler } = model;
  const n = request.n ?? 1;
  const stop = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []);
  const random = randomFor(model, request.seed);
  const sampleChoice = async (tokenIds: readonly number[], prompt: number, choice: number) => {
    const index = prompt * n + choice;
    const parts = createTextStream({ tokenizer, stop, skipSpecial: request.skip_special_tokens !== false });
    const maxTokens = options.maxTokens ?? sampler.maxContextTokens - tokenIds.length;
    let scored: ScoredToken | undefined;
    const result = await scheduler.sample(
      {
        contextTokenIds: tokenIds,
        maxTokens,
        temperature: request.temperature ?? 1,
        topP: request.top_p ?? 1,
        topK: Math.max(0, request.top_k ?? 0),
        minP: request.min_p ?? 0,
        stop,
        random: random(prompt, choice),
        ...(alternatives === undefined
          ? {}
          : {
              onLogits: (logits, id) => {
                scored = scoreLogits(logits, id, alternatives);
              },
            }),
        onToken: (id) => channel.push({ type: 'token', index, id, text: parts.push(id), scored }),
      },
      signal,
    );
    const text = parts.end();
    const finishReason = result.finishReason === 'length' && parts.stopped === undefined ? 'length' : 'stop';
    channel.push({ type: 'end', index, text, finishReason, stopReason: parts.stopped ?? null });
  };
  const promptEvents = async (tokenIds: readonly number[], prompt: number) => {
    const scored =
      promptAlternatives === undefined
        ? undefined
        : await scheduler.alone(
            () => scorePrompt({ decoder, tokenIds, alternatives: promptAlternatives, signal }),
            signal,
          );
    for (let choice = 0; choice < n; choice++) channel.push({ type: 'prompt', index: prompt * n + choice, scored });
  };
  await Promise.all(
    prompts.map(async (tokenIds, prompt) => {
      await promptEvents(tokenIds, prompt);
      await Promise.all(Array.from({ length: n }, (_, choice) => sampleChoice(tokenIds, prompt, choice)));
    }),
  );
}

/**
 * Starts the choices of a request. Stopping to read does not stop them; aborting the signal does.
 *
 * @throws {ApiError} 400 for prompts that do not fit, 429 when the queue is full
 */
export function choiceEvents(options: ChoiceEventsOptions): AsyncIterable<ChoiceEvent> {
  checkPrompts(options);
  const { scheduler } = options.model;
  const place = scheduler.enter(options.prompts.length * (options.request.n ?? 1));
  const channel = createChannel<ChoiceEvent>();
  run(options, channel).then(channel.close, channel.fail).finally(place.leave);
  return channel;
}
