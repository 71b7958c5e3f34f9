import { ModelError, type Random } from '@dgpo/trajectory';
import type { Decoder } from '../model/decoder.js';
import { hasFusedKernel } from '../ops/fused-op.js';
import { createStopMatcher, type StopMatcher, type StopState } from '../tokenizer/stop-sequences.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createInPlaceCache } from './in-place-cache.js';
import type { CacheRow, KeyValueCache } from './key-value-cache.js';
import { createMaskedCache } from './masked-cache.js';
import { sampleToken } from './token-distribution.js';

export interface SampleRequest {
  /** Names the sequence: a later request with the same id and a longer context reuses what is cached. */
  id: string;
  contextTokenIds: readonly number[];
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** @default 1 */
  topP?: number;
  /** @default 0, which keeps all */
  topK?: number;
  /** The sequence ends with the token that completes one of these. */
  stop?: readonly string[];
  /** Source of this sequence's draws; the result does not depend on what else is in the batch. */
  random: Random;
  /** Called with every new token. */
  onToken?: (id: number) => void;
}

export interface SampleResult {
  /** The sampled tokens, the one that completed a stop string or ended the text included. */
  tokenIds: number[];
  /** Log-probability of each under the processed distribution, in nats. */
  logProbs: number[];
  text: string;
  /** `stop`: a stop string; `length`: the limit of tokens or of the context; `end`: the end-of-text token. */
  finishReason: 'stop' | 'length' | 'end';
}

export interface Sampler {
  readonly maxContextTokens: number;
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
  decode(ids: readonly number[]): string;
  /** Samples a continuation for every request, batched over them. */
  generate(requests: readonly SampleRequest[]): Promise<SampleResult[]>;
  /** Forgets what is cached for these ids. */
  release(ids: readonly string[]): void;
  /** Forgets everything; to be called after the weights changed. */
  reset(): void;
  dispose(): void;
}

export interface CreateSamplerOptions {
  decoder: Decoder;
  tokenizer: Tokenizer;
  /** Sequences sampled at one time; more requests wait. @default 64 */
  slots?: number;
  /** Tokens that go through the model in one step at most, so that long prompts do not need much memory. @default 4096 */
  maxStepTokens?: number;
  /** At most the model's `maxPositionEmbeddings`. @default that */
  maxContextTokens?: number;
}

interface Sequence {
  request: SampleRequest;
  slot: number;
  /** Tokens that are not in the cache yet. */
  pending: number[];
  /** Position of the first pending token. */
  position: number;
  tokenIds: number[];
  logProbs: number[];
  stopState: StopState;
  finishReason: SampleResult['finishReason'] | undefined;
}

function commonPrefix(left: readonly number[], right: readonly number[]): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) length += 1;
  return length;
}

/**
 * Batched sampling with a KV cache, token in and token out.
 *
 * @throws ModelError when the context is to be longer than the model has positions
 */
export function createSampler(options: CreateSamplerOptions): Sampler {
  const { decoder, tokenizer, slots = 64, maxStepTokens = 4096 } = options;
  const maxContextTokens = options.maxContextTokens ?? decoder.config.maxPositionEmbeddings;
  if (maxContextTokens > decoder.config.maxPositionEmbeddings) {
    throw new ModelError(
      `maxContextTokens is ${maxContextTokens}, the model has ${decoder.config.maxPositionEmbeddings} positions`,
    );
  }
  const makeCache = hasFusedKernel('DgpoCacheAttention') ? createInPlaceCache : createMaskedCache;
  const cache: KeyValueCache = makeCache({ decoder, slots, maxTime: maxContextTokens });
  /** What each slot holds, least recently used first. */
  const held = new Map<string, { slot: number; tokenIds: number[] }>();
  const free = Array.from({ length: slots }, (_, index) => slots - 1 - index);

  const matchers = new Map<string, StopMatcher>();
  const matcherFor = (stop: readonly string[]): StopMatcher => {
    const key = JSON.stringify(stop);
    const matcher = matchers.get(key) ?? createStopMatcher({ tokenizer, stop });
    matchers.set(key, matcher);
    return matcher;
  };

  const slotFor = (id: string, busy: ReadonlySet<string>): { slot: number; tokenIds: number[] } => {
    const known = held.get(id);
    if (known !== undefined) {
      held.delete(id);
      held.set(id, known);
      return known;
    }
    if (free.length === 0) {
      const oldest = [...held.keys()].find((candidate) => !busy.has(candidate));
      if (oldest === undefined) throw new ModelError('the sampler has no free slot'); // generate() never asks for more than `slots`
      free.push((held.get(oldest) as { slot: number }).slot);
      held.delete(oldest);
    }
    const entry = { slot: free.pop() as number, tokenIds: [] };
    held.set(id, entry);
    return entry;
  };

  const start = (request: SampleRequest, busy: ReadonlySet<string>): Sequence => {
    const context = request.contextTokenIds;
    if (context.length === 0) throw new ModelError(`request "${request.id}" has an empty context`);
    if (context.length > maxContextTokens) {
      throw new ModelError(
        `request "${request.id}" has ${context.length} tokens of context, the model takes ${maxContextTokens}`,
      );
    }
    const entry = slotFor(request.id, busy);
    // The last token always goes through the model again: its logits are what is sampled from.
    const reused = Math.min(commonPrefix(entry.tokenIds, context), context.length - 1);
    entry.tokenIds = context.slice(0, reused);
    return {
      request,
      slot: entry.slot,
      pending: context.slice(reused),
      position: reused,
      tokenIds: [],
      logProbs: [],
      stopState: matcherFor(request.stop ?? []).start(),
      finishReason: request.maxTokens <= 0 || context.length === maxContextTokens ? 'length' : undefined,
    };
  };

  const accept = (sequence: Sequence, logits: Float32Array) => {
    const { request } = sequence;
    const { temperature, topP, topK, random } = request;
    const drawn = sampleToken(logits, {
      temperature,
      random,
      ...(topP === undefined ? {} : { topP }),
      ...(topK === undefined ? {} : { topK }),
    });
    sequence.tokenIds.push(drawn.id);
    sequence.logProbs.push(drawn.logProb);
    sequence.pending = [drawn.id];
    request.onToken?.(drawn.id);
    if (tokenizer.endOfTextIds.includes(drawn.id)) sequence.finishReason = 'end';
    else if (sequence.stopState.push(drawn.id).matched !== null) sequence.finishReason = 'stop';
    else if (sequence.tokenIds.length >= request.maxTokens) sequence.finishReason = 'length';
    else if (request.contextTokenIds.length + sequence.tokenIds.length >= maxContextTokens)
      sequence.finishReason = 'length';
  };

  /** One pass of the model over pending tokens, at most `maxStepTokens` of them. */
  const step = async (sequences: readonly Sequence[]) => {
    const rows: CacheRow[] = [];
    const sampled: Sequence[] = [];
    let budget = maxStepTokens;
    for (const sequence of sequences) {
      if (budget === 0) break;
      const tokenIds = sequence.pending.slice(0, budget);
      budget -= tokenIds.length;
      const logits = tokenIds.length === sequence.pending.length;
      rows.push({ slot: sequence.slot, position: sequence.position, tokenIds, logits });
      (held.get(sequence.request.id) as { tokenIds: number[] }).tokenIds.push(...tokenIds);
      sequence.position += tokenIds.length;
      sequence.pending = sequence.pending.slice(tokenIds.length);
      if (logits) sampled.push(sequence);
    }
    const logits = await cache.extend(rows);
    sampled.forEach((sequence, index) => {
      accept(sequence, logits[index] as Float32Array);
    });
  };

  const run = async (requests: readonly SampleRequest[]): Promise<SampleResult[]> => {
    const busy = new Set(requests.map((request) => request.id));
    if (busy.size !== requests.length) throw new ModelError('two requests of one batch have the same id');
    const sequences = requests.map((request) => start(request, busy));
    for (;;) {
      const active = sequences.filter((sequence) => sequence.finishReason === undefined);
      if (active.length === 0) break;
      await step(active);
    }
    return sequences.map((sequence) => ({
      tokenIds: sequence.tokenIds,
      logProbs: sequence.logProbs,
      text: tokenizer.decode(sequence.tokenIds),
      finishReason: sequence.finishReason as SampleResult['finishReason'],
    }));
  };

  const release = (ids: readonly string[]) => {
    for (const id of ids) {
      const entry = held.get(id);
      if (entry === undefined) continue;
      free.push(entry.slot);
      held.delete(id);
    }
  };

  return {
    maxContextTokens,
    encode: (text, encodeOptions) => tokenizer.encode(text, encodeOptions),
    decode: (ids) => tokenizer.decode(ids),
    generate: async (requests) => {
      const results: SampleResult[] = [];
      for (let first = 0; first < requests.length; first += slots) {
        results.push(...(await run(requests.slice(first, first + slots))));
      }
      return results;
    },
    release,
    reset: () => release([...held.keys()]),
    dispose: () => cache.dispose(),
  };
}
