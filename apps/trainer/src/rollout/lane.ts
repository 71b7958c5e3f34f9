import { type DecoderConfig, type EngineName, type LoraOptions, parameterShapes } from '@dgpo/lm';
import type { OpenJob } from '../compute/open-job.js';
import { type ComputePool, createComputePool } from '../compute/pool.js';
import { hashValue } from '../run/stable-hash.js';
import type { ArtifactCache } from './artifact-cache.js';
import { flatHeader, flatValuesOf } from './flat-safetensors.js';
import { trainableShapes } from './published-models.js';
import type { RolloutJob } from './rollout-executor.js';
import type { Blob, WireJob, WireModel } from './wire-job.js';

/** Plays one job at a time with the weights that the job names. */
export interface Lane {
  run(wire: WireJob): Promise<unknown>;
  close(): Promise<void>;
}

/** Options of {@link createLane}. */
export interface LaneOptions {
  engine: EngineName;
  /** Lanes of this process, which share the threads of the machine. */
  lanes: number;
  cache: ArtifactCache;
  /** Models, tokenizers and indexes that a lane holds before it starts afresh. @default 8 */
  maxHeld?: number;
}

/** What a lane has in its heap under a name. */
interface Loaded {
  /** Of everything. */
  version: string;
  /** Of what stays when only trained values change. */
  base: string;
}

/** The folder without its trained values. */
function baseOf(model: WireModel): string {
  if (model.kind === 'weights') return hashValue(model.config);
  const { trainable: _, ...base } = model;
  return hashValue(base);
}

export function createLane(options: LaneOptions): Lane {
  const { engine, lanes, cache, maxHeld = 8 } = options;
  const threads = engine === 'wasm' || engine === 'cpu' ? 1 : 0;
  let pool: ComputePool | undefined;
  let loaded = new Map<string, Loaded>();
  let held = new Set<string>();

  const restart = async () => {
    const old = pool;
    pool = undefined;
    loaded = new Map();
    held = new Set();
    await old?.close();
  };
  const trainedValues = async (blob: Blob) => {
    const overhead = (count: number) => flatHeader(trainableShapes(count)).length;
    // The header's length depends on the digits of the count.
    let count = Math.floor(blob.bytes / 4);
    while (count > 0 && overhead(count) + 4 * count > blob.bytes) count -= 1;
    return flatValuesOf(await cache.bytes(blob), trainableShapes(count));
  };
  const load = async (used: ComputePool, name: string, model: WireModel) => {
    const version = hashValue(model);
    const base = baseOf(model);
    const before = loaded.get(name);
    if (before?.version === version) return;
    // Half a load counts as none.
    loaded.delete(name);
    if (model.kind === 'weights') {
      const config = model.config as unknown as DecoderConfig;
      const weights = flatValuesOf(await cache.bytes(model.weights), parameterShapes(config));
      await used.broadcast({ kind: 'model', name, config, valueHead: false, weights });
    } else {
      if (before?.base !== base || model.trainable === undefined) {
        const open: OpenJob = {
          kind: 'open',
          name,
          directory: await cache.folder(model.base),
          seed: model.seed,
          ...(model.lora === undefined ? {} : { lora: model.lora as unknown as LoraOptions }),
          ...(model.adapter === undefined ? {} : { adapter: await cache.folder(model.adapter) }),
        };
        await used.broadcast(open);
      }
      if (model.trainable !== undefined) {
        await used.broadcast({ kind: 'trainable', model: name, parameters: await trainedValues(model.trainable) });
      }
    }
    loaded.set(name, { version, base });
  };
  const localJob = async ({ job, tokenizer, index, catalogue }: WireJob): Promise<RolloutJob> => {
    // The trainer made it of a job; only the folders are others here.
    const sent = { ...job, tokenizer: await cache.folder(tokenizer) } as unknown as RolloutJob;
    if (sent.kind !== 'episodes') return sent;
    if (catalogue !== undefined && sent.environment.kind === 'webshop') {
      const { environment } = sent;
      const products = { ...environment.catalogue, directory: await cache.folder(catalogue) };
      return { ...sent, environment: { ...environment, catalogue: products } };
    }
    if (index === undefined) return sent;
    return { ...sent, retriever: { ...sent.retriever, directory: await cache.folder(index) } };
  };

  return {
    run: async (wire) => {
      const job = await localJob(wire);
      const name = job.policy === 'expert' ? undefined : job.policy.model;
      const needs = [name, wire.tokenizer.sha256, wire.index?.sha256, wire.catalogue?.sha256].map((need) => need ?? '');
      if (new Set([...held, ...needs]).size > maxHeld) await restart();
      for (const need of needs) held.add(need);
      try {
        pool ??= await createComputePool({ engine, workers: threads, sharing: lanes });
        if (name !== undefined && wire.model !== undefined) await load(pool, name, wire.model);
        const [result] = await pool.run([job]);
        return result;
      } catch (error) {
        // A thread that broke would not answer again.
        await restart();
        throw error;
      }
    },
    close: restart,
  };
}
