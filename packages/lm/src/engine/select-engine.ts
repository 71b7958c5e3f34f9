import { createRequire } from 'node:module';
import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { registerFusedOps } from '../ops/fused-op.js';
// Loading the ops declares their kernels, whatever part of the package is used.
import '../ops/index.js';
import { type BlasFacts, chooseBlas } from './blas.js';
import { useBlas } from './matrix-product.js';
import { optionalImport } from './optional-import.js';

export const engineNames = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];

export interface Engine {
  readonly name: EngineName;
  /** Why this one, for one line of output. */
  readonly reason: string;
  /** True where our own kernels run; elsewhere the same mathematics runs on stock ops. */
  readonly fused: boolean;
  /** The native library that computes the matrix products of `wasm`; absent where our kernel does. */
  readonly blas?: BlasFacts;
}

export interface SelectEngineOptions {
  /** `auto` takes the first that works of `tensorflow`, `webgpu`, `wasm`, `cpu`. @default DGPO_ENGINE, else 'auto' */
  engine?: EngineName | 'auto';
  /**
   * Native BLAS under `wasm`: `auto` takes the first that is found and works (see docs/engines.md), `off` none, anything else is the
   * name or path of one. The bytes of a result depend on the library, the processor and the number of threads.
   *
   * @default DGPO_BLAS, else 'off'
   */
  blas?: string;
  /** Workers that share the cores, this one included: a product on BLAS gets `cores / workers` threads. @default 1 */
  workers?: number;
}

/** tfjs-node 4.22 calls functions that Node 23 removed from `util`. */
function restoreUtilFunctions(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

async function tryTensorflow(): Promise<string | undefined> {
  restoreUtilFunctions();
  // The library greets on stderr otherwise, in several lines.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    if ((await optionalImport(name)) === undefined) continue;
    if (await tf.setBackend('tensorflow')) return name;
  }
  return undefined;
}

/** The parts of WebGPU that are used here. */
interface Gpu {
  requestAdapter(): Promise<{ info: { vendor: string; architecture: string; description: string } } | null>;
}

/** Kept for the life of the process: Dawn frees its devices with this object, also those that the backend still uses. */
let gpu: Gpu | undefined;

/** Drivers that compute on the processor, slower than wasm does. */
const softwareDriver = /swiftshader|llvmpipe|lavapipe|microsoft basic render/i;

async function tryWebgpu({ automatic }: StartOptions): Promise<string | undefined> {
  const dawn = await optionalImport('webgpu');
  if (dawn === undefined || typeof dawn.create !== 'function') return undefined;
  gpu ??= dawn.create([]) as Gpu;
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('no GPU driver (Vulkan, Metal, D3D12) was found');
  const { architecture, description } = adapter.info;
  if (automatic && softwareDriver.test(`${architecture} ${description}`)) return undefined;
  Object.assign(globalThis, dawn.globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  if ((await optionalImport('@tensorflow/tfjs-backend-webgpu')) === undefined) return undefined;
  return (await tf.setBackend('webgpu')) ? `${description || architecture || 'a GPU'} through webgpu` : undefined;
}

async function tryWasm(): Promise<string | undefined> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.listeners(event as 'uncaughtException'));
  await import('@tensorflow/tfjs-backend-wasm');
  const started = await tf.setBackend('wasm');
  // The module rethrows every error of the process from inside its one-line source, which Node then prints whole.
  events.forEach((event, index) => {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[index]?.includes(listener)) process.removeListener(event, listener);
    }
  });
  return started ? 'WebAssembly' : undefined;
}

async function tryCpu(): Promise<string | undefined> {
  if (!(await tf.setBackend('cpu'))) return undefined;
  // The backend prints an advertisement on its first use.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return 'plain JavaScript';
}

interface StartOptions {
  /** The engine was not asked for by name. */
  automatic: boolean;
}

/** What starts each engine: returns through what it runs, or `undefined` where it is not installed. */
const starters: Record<EngineName, (options: StartOptions) => Promise<string | undefined>> = {
  tensorflow: tryTensorflow,
  webgpu: tryWebgpu,
  wasm: tryWasm,
  cpu: tryCpu,
};

const remedies: Record<EngineName, string> = {
  tensorflow:
    'install @tensorflow/tfjs-node-gpu 4.22.0 or @tensorflow/tfjs-node 4.22.0; where their own download is blocked or too old, see docs/engines.md in the repository of dgpo',
  webgpu:
    'install webgpu and @tensorflow/tfjs-backend-webgpu 4.22.0, and check that a Vulkan, Metal or D3D12 driver is present',
  wasm: 'reinstall @tensorflow/tfjs-backend-wasm 4.22.0',
  cpu: 'reinstall @tensorflow/tfjs 4.22.0',
};

/**
 * Chooses and starts the TensorFlow.js backend of this process (or worker). Unasked, `webgpu` runs on GPUs only, not on a driver
 * that computes on the processor.
 *
 * @throws ConfigError when the engine asked for cannot start, with what to install, or the BLAS library named cannot be used
 */
export async function selectEngine(options: SelectEngineOptions = {}): Promise<Engine> {
  const wanted = options.engine ?? (process.env.DGPO_ENGINE || 'auto');
  if (wanted !== 'auto' && !engineNames.some((name) => name === wanted)) {
    throw new ConfigError(`unknown engine "${wanted}"; choose auto, ${engineNames.join(', ')}`);
  }
  const automatic = wanted === 'auto';
  for (const name of engineNames) {
    if (!automatic && wanted !== name) continue;
    const started = await start(name, { automatic });
    if (started.through === undefined) {
      if (automatic) continue;
      throw new ConfigError(`the engine "${name}" cannot start${started.why}: ${remedies[name]}`, {
        cause: started.cause,
      });
    }
    await tf.ready();
    const fused = name === 'wasm' && registerFusedOps();
    const reason = `${started.through}, ${automatic ? 'the first that is available' : 'as asked'}`;
    const wantedBlas = options.blas ?? (process.env.DGPO_BLAS || 'off');
    const blas = fused ? await chooseBlas({ blas: wantedBlas, workers: options.workers ?? 1 }) : undefined;
    useBlas(blas);
    return { name, reason, fused, ...(blas === undefined ? {} : { blas: blas.facts }) };
  }
  throw new ConfigError('no engine can start: reinstall @tensorflow/tfjs 4.22.0');
}

interface Started {
  through: string | undefined;
  /** Why it did not start, in brackets; empty where it is just not installed. */
  why: string;
  cause: unknown;
}

async function start(name: EngineName, options: StartOptions): Promise<Started> {
  try {
    return { through: await starters[name](options), why: '', cause: undefined };
  } catch (cause) {
    const [firstLine] = String(cause instanceof Error ? cause.message : cause).split('\n');
    return { through: undefined, why: ` (${firstLine?.trim().replace(/\.$/, '')})`, cause };
  }
}
