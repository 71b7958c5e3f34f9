import { type DecoderConfig, parameterShapes } from '@dgpo/lm';
import { ModelError } from '@dgpo/trajectory';
import type { ModelJob } from '../compute/jobs.js';
import type { OpenJob, TrainableJob } from '../compute/open-job.js';
import type { ArtifactStore } from './artifact-store.js';
import { flatHeader } from './flat-safetensors.js';
import { frozen } from './frozen.js';
import type { PublishedJob } from './rollout-executor.js';
import type { Blob, WireModel } from './wire-job.js';

/** One version of the weights of a model, kept while it is the newest or a job refers to it. */
interface ModelVersion {
  /** How workers get it; hashed at the first call. */
  wire(): Promise<WireModel>;
  /** The job that held it is over. */
  release(): void;
}

export interface PublishedModels {
  publish(job: PublishedJob): void;
  /**
   * The newest version of a model, held until it is released.
   * @throws ModelError when nothing was published under the name
   */
  take(name: string): ModelVersion;
}

const modelFiles = (name: string) => /^[^/]+\.(safetensors|json)$/.test(name);

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

interface Held {
  users: number;
  wire?: Promise<{ model: WireModel; weights?: Blob }>;
  make(): Promise<{ model: WireModel; weights?: Blob }>;
}

/** A folder to open, where several models of one base each name its folder. */
type OpenFolder = Pick<OpenJob, 'name' | 'lora' | 'seed' | 'adapter'> & { directory: string };

/** Shapes of what is trained of a model folder: its values one after the other. */
export const trainableShapes = (count: number): Map<string, readonly number[]> => new Map([['trainable', [count]]]);

export function createPublishedModels(store: ArtifactStore): PublishedModels {
  const newest = new Map<string, Held>();
  const opened = new Map<string, OpenFolder>();
  /** Critics, which never play. */
  const critics = new Set<string>();

  const letGo = (held: Held) => {
    held.users -= 1;
    if (held.users > 0) return;
    held.wire?.then(
      ({ weights }) => weights !== undefined && store.remove(weights),
      () => undefined,
    );
  };
  const replace = (name: string, make: Held['make']) => {
    const before = newest.get(name);
    newest.set(name, { users: 1, make });
    if (before !== undefined) letGo(before);
  };
  const ofWeights = ({ name, config, weights }: ModelJob) => {
    const values = frozen(weights);
    replace(name, async () => {
      const blob = await store.add([flatHeader(parameterShapes(config)), bytesOf(values)]);
      return {
        model: { kind: 'weights', config: config as DecoderConfig & Record<string, unknown>, weights: blob },
        weights: blob,
      };
    });
  };
  const ofFolder = ({ name, directory, lora, seed, adapter }: OpenFolder, trained?: Float32Array) => {
    const values = trained === undefined ? undefined : frozen(trained);
    replace(name, async () => {
      const base = await store.folder(directory, modelFiles);
      const weights =
        values === undefined
          ? undefined
          : await store.add([flatHeader(trainableShapes(values.length)), bytesOf(values)]);
      return {
        model: {
          kind: 'folder',
          base,
          seed,
          ...(lora === undefined ? {} : { lora: { ...lora } }),
          ...(adapter === undefined ? {} : { adapter: await store.folder(adapter, modelFiles) }),
          ...(weights === undefined ? {} : { trainable: weights }),
        },
        ...(weights === undefined ? {} : { weights }),
      };
    });
  };
  const open = (job: OpenJob) => {
    if (job.valueHead === true) {
      critics.add(job.name);
      return;
    }
    const directory = 'base' in job ? opened.get(job.base)?.directory : job.directory;
    if (directory === undefined) throw new ModelError(`model "${job.name}" is opened on a base that was not opened`);
    const folder = { ...job, directory };
    opened.set(job.name, folder);
    ofFolder(folder);
  };
  const ofTrainable = ({ model, parameters }: TrainableJob) => {
    if (critics.has(model)) return;
    const folder = opened.get(model);
    if (folder === undefined) throw new ModelError(`model "${model}" gets new values before it was opened`);
    ofFolder(folder, parameters);
  };

  return {
    publish: (job) => {
      if (job.kind === 'trainable') ofTrainable(job);
      else if (job.kind === 'open') open(job);
      // A critic never plays.
      else if (!job.valueHead) ofWeights(job);
    },
    take: (name) => {
      const held = newest.get(name);
      if (held === undefined) throw new ModelError(`no weights were published of model "${name}"`);
      held.users += 1;
      return {
        wire: async () => {
          held.wire ??= held.make();
          return (await held.wire).model;
        },
        release: () => letGo(held),
      };
    },
  };
}
