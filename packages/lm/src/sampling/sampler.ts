import { setImmediate } from 'node:timers/promises';
import { ModelError } from '@dgpo/trajectory';
import type { Decoder } from '../model/decoder.js';
import { hasFusedKernel } from '../ops/fused-op.js';
import { createStopMatcher, type StopMatcher, type StopState } from '../tokenizer/stop-sequences.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createChunkedCache } from './chunked-cache.js';
import type { CacheRow, KeyValueCache } from './key-value-cache.js';
import { createPagedCache } from './paged-cache.js';
import type { SampleRequest, SampleResult } from './sample-request.js';
import { commonPrefix, createSlots, type HeldSequence } from './slots.js';
import { sampleToken } from './token-distribution.js';

export interface Sampler {
  readonly maxContextTokens: number;
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
  decode(ids: readonly number[]): string;
  /**
   * Samples a continuation for every request, batched over them; a request takes the place of one that is done at once. Calls that
   * overlap in time share the batch. Requests whose contexts begin alike compute that beginning once.
   *
   * @throws ModelError for an empty or too long context, for two requests of one id at a time, for weights that give no numbers, and
   * when the cache does not fit into memory
   */
  generate(requests: readonly SampleRequest[]): Promise<SampleResult[]>;
  /** Forgets what is cached for these ids. */
  release(ids: readonly string[]): void;
  /** Forgets everything and frees the memory of the cache; to be called after the weights changed, and not while sampling. */
  reset(): void;
  dispose(): void;
}

export interface CreateSamplerOptions {
  decoder: Decoder;
  tokenizer: Tokenizer;
  /** Sequences sampled at one time and remembered between calls; more requests wait. @default 64 */
  slots?: number;
  /** Tokens that go through the model in one step at most, so that long prompts do not need much memory. @default 4096 */
  maxStepTokens?: number;
  /** At most the model's `maxPositionEmbeddings`. @default that */
  maxContextTokens?: number;
}

/** A request and where its result goes. */
interface Job {
  request: SampleRequest;
  resolve: (result: SampleResult) => void;
  reject: (error: unknown) => void;
}

interface Sequence extends Job {
  held: HeldSequence;
  /** What is to be copied from another sequence as soon as that one has it. */
  shared: { from: HeldSequence; length: number } | undefined;
  tokenIds: number[];
  logProbs: number[];
  stopState: StopState;
  finishReason: SampleResult['finishReason'] | undefined;
}

/** Shorter common beginnings are computed again: about what a page of the cache holds. */
const leastShared = 16;

/**
 * Batched sampling with a KV cache, token in and token out. What a request gets depends on the request alone: its draws come from its own
 * stream, and on the engine `wasm` its log-probabilities are the same bytes in every batch.
 *
 * @throws ModelError when the context is to be longer than the model has positions
 */
export function createSampler(options: CreateSamplerOptions): Sampler {
  const { decoder, tokenizer, slots: slotCount = 64, maxStepTokens = 4096 } = options;
  const maxContextTokens = options.maxContextTokens ?? decoder.config.maxPositionEmbeddings;
  if (maxContextTokens > decoder.config.maxPositionEmbeddings) {
    throw new ModelError(
      `maxContextTokens is ${maxContextTokens}, the model has ${decoder.config.maxPositionEmbeddings} positions`,
    );
  }
  const endIds = new Set(tokenizer.endOfTextIds);
  const slots = createSlots(slotCount);
  const reclaim = () => {
    const oldest = slots.forgetOldest();
    if (oldest === undefined) return false;
    cache.truncate(oldest.slot, 0);
    return true;
  };
  const createCache = hasFusedKernel('DgpoCacheAttention') ? createPagedCache : createChunkedCache;
  const cache: KeyValueCache = createCache({ decoder, slots: slotCount, reclaim });
  /** What has no result yet, by id: those that wait and those that are being sampled. */
  const open = new Map<string, Job>();
  let waiting: Job[] = [];
  let active: Sequence[] = [];
  let running = false;

  const matchers = new Map<string, StopMatcher>();
  const matcherFor = (stop: readonly string[]): StopMatcher => {
    const key = JSON.stringify(stop);
    const matcher = matchers.get(key) ?? createStopMatcher({ tokenizer, stop });
    matchers.set(key, matcher);
    return matcher;
  };

  const check = (requests: readonly SampleRequest[]) => {
    const ids = new Set(open.keys());
    for (const { id, contextTokenIds } of requests) {
      if (ids.has(id)) throw new ModelError(`two requests of one batch have the id "${id}"`);
      ids.add(id);
      if (contextTokenIds.length === 0) throw new ModelError(`request "${id}" has an empty context`);
      if (contextTokenIds.length > maxContextTokens) {
        throw new ModelError(
          `request "${id}" has ${contextTokenIds.length} tokens of context, the model takes ${maxContextTokens}`,
        );
      }
    }
  };

  const start = (job: Job): Sequence => {
    const context = job.request.contextTokenIds;
    const held = slots.claim(job.request.id);
    // The last token always goes through the model again: its logits are what is sampled from.
    const reusable = Math.min(held.computed, context.length - 1);
    held.computed = cache.truncate(held.slot, commonPrefix(held.tokenIds, context, reusable));
    held.tokenIds = [...context];
    held.planned = context.length;
    const donor = slots.longestPrefix(held, context.length - 1);
    return {
      ...job,
      held,
      shared: donor !== undefined && donor.length >= held.computed + leastShared ? donor : undefined,
      tokenIds: [],
      logProbs: [],
      stopState: matcherFor(job.request.stop ?? []).start(),
      finishReason: undefined,
    };
  };

  const finish = (sequence: Sequence) => {
    const { tokenIds, logProbs, held } = sequence;
    slots.rest(held);
    const text = tokenizer.decode(tokenIds);
    open.delete(sequence.request.id);
    sequence.resolve({
      tokenIds,
      logProbs,
      text,
      finishReason: sequence.finishReason as SampleResult['finishReason'],
    });
  };

  const takeShared = (sequence: Sequence) => {
    const { held, shared } = sequence;
    if (shared === undefined || shared.from.computed < shared.length) return;
    held.computed = cache.share({ from: shared.from.slot, to: held.slot, length: shared.length });
    sequence.shared = undefined;
  };

  const accept = (sequence: Sequence, drawn: { id: number; logProb: number }) => {
    const { request, held } = sequence;
    sequence.tokenIds.push(drawn.id);
    sequence.logProbs.push(drawn.logProb);
    held.tokenIds.push(drawn.id);
    request.onToken?.(drawn.id, drawn.logProb);
    if (endIds.has(drawn.id)) sequence.finishReason = 'end';
    else if (sequence.stopState.push(drawn.id).matched !== null) sequence.finishReason = 'stop';
    else if (sequence.tokenIds.length >= request.maxTokens) sequence.finishReason = 'length';
    else if (held.tokenIds.length >= maxContextTokens) sequence.finishReason = 'length';
  };

  /** One pass of the model over tokens that are not in the cache yet, at most `maxStepTokens` of them. */
  const step = async () => {
    const rows: CacheRow[] = [];
    const sampled: Sequence[] = [];
    let budget = maxStepTokens;
    for (const sequence of active) {
      if (budget === 0) break;
      if (sequence.shared !== undefined) continue;
      const { slot, computed, tokenIds } = sequence.held;
      const added = tokenIds.slice(computed, computed + budget);
      budget -= added.length;
      const logits = computed + added.length === tokenIds.length;
      rows.push({ slot, position: computed, tokenIds: added, logits });
      sequence.held.computed += added.length;
      if (logits) sampled.push(sequence);
    }
    const drawn: { id: number; logProb: number }[] = [];
    await cache.extend(rows, (all, index) => {
      const { request } = sampled[index] as Sequence;
      // Embeddings padded to a round number have rows past the vocabulary, which stand for no text.
      const logits = all.subarray(0, tokenizer.vocabularySize);
      const token = sampleToken(logits, { ...request, weigh: cache.weigh });
      request.onLogits?.(logits, token.id);
      drawn.push(token);
    });
    sampled.forEach((sequence, index) => {
      accept(sequence, drawn[index] as { id: number; logProb: number });
    });
  };

  const endAborted = () => {
    for (const sequence of active) {
      if (sequence.request.aborted?.() !== true) continue;
      sequence.finishReason = 'length';
      // Who waits for what this one would have computed does it alone.
      for (const other of active) if (other.shared?.from === sequence.held) other.shared = undefined;
    }
  };

  const finishDone = () => {
    const done = active.filter((sequence) => sequence.finishReason !== undefined);
    active = active.filter((sequence) => sequence.finishReason === undefined);
    for (const sequence of done) finish(sequence);
  };

  const run = async () => {
    try {
      while (active.length > 0 || waiting.length > 0) {
        for (const sequence of active) takeShared(sequence);
        while (active.length < slotCount && waiting.length > 0) {
          const sequence = start(waiting.shift() as Job);
          takeShared(sequence);
          active.push(sequence);
        }
        endAborted();
        finishDone();
        if (active.length > 0) await step();
        finishDone();
        // Lets input and output happen, and requests join that were made meanwhile.
        await setImmediate();
      }
    } catch (error) {
      // What the cache holds now is unknown.
      const failed = [...open.values()];
      open.clear();
      active = [];
      waiting = [];
      clear();
      for (const { reject } of failed) reject(error);
    } finally {
      running = false;
    }
  };

  const clear = () => {
    slots.clear();
    cache.clear();
  };

  return {
    maxContextTokens,
    encode: (text, encodeOptions) => tokenizer.encode(text, encodeOptions),
    decode: (ids) => tokenizer.decode(ids),
    generate: async (requests) => {
      check(requests);
      const results = requests.map((request) => {
        if (request.maxTokens <= 0 || request.contextTokenIds.length === maxContextTokens) {
          return { tokenIds: [], logProbs: [], text: '', finishReason: 'length' as const };
        }
        return new Promise<SampleResult>((resolve, reject) => {
          const job = { request, resolve, reject };
          open.set(request.id, job);
          waiting.push(job);
        });
      });
      if (!running && waiting.length > 0) {
        running = true;
        void run();
      }
      return Promise.all(results);
    },
    release: (ids) => {
      for (const id of ids) {
        const forgotten = slots.forget(id);
        if (forgotten !== undefined) cache.truncate(forgotten.slot, 0);
      }
    },
    reset: () => {
      if (open.size > 0) {
        throw new ModelError('the sampler cannot be reset while it samples; wait for generate() first');
      }
      clear();
    },
    dispose: () => cache.clear(),
  };
}
