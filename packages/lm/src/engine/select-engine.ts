import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { registerFusedOps } from '../ops/fused-op.js';
// Loading the ops declares their kernels, whatever part of the package is used.
import '../ops/index.js';

export const engineNames = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];

export interface Engine {
  readonly name: EngineName;
  /** Why this one, for one line of output. */
  readonly reason: string;
  /** True where our own kernels run; elsewhere the same mathematics runs on stock ops. */
  readonly fused: boolean;
}

export interface SelectEngineOptions {
  /** `auto` takes the first that works of `tensorflow`, `webgpu`, `wasm`, `cpu`. @default DGPO_ENGINE, else 'auto' */
  engine?: EngineName | 'auto';
}

/** Imports a package that may not be installed; its name is kept from the type checker and from bundlers. */
async function optionalImport(name: string): Promise<Record<string, unknown> | undefined> {
  try {
    return (await import(name)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** tfjs-node 4.22 calls functions that Node 23 removed from `util`. */
async function restoreUtilFunctions(): Promise<void> {
  const { createRequire } = await import('node:module');
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

async function tryTensorflow(): Promise<string | undefined> {
  await restoreUtilFunctions();
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    if ((await optionalImport(name)) === undefined) continue;
    if (await tf.setBackend('tensorflow')) return name;
  }
  return undefined;
}

async function tryWebgpu(): Promise<string | undefined> {
  const dawn = await optionalImport('webgpu');
  if (dawn === undefined || typeof dawn.create !== 'function') return undefined;
  Object.assign(globalThis, dawn.globals);
  const gpu: unknown = dawn.create([]);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  if ((await optionalImport('@tensorflow/tfjs-backend-webgpu')) === undefined) return undefined;
  return (await tf.setBackend('webgpu').catch(() => false)) ? 'a GPU through webgpu' : undefined;
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

const starters: Record<EngineName, () => Promise<string | undefined>> = {
  tensorflow: tryTensorflow,
  webgpu: tryWebgpu,
  wasm: tryWasm,
  cpu: tryCpu,
};

const remedies: Record<EngineName, string> = {
  tensorflow: 'install @tensorflow/tfjs-node-gpu 4.22.0 (CUDA 11.2) or @tensorflow/tfjs-node 4.22.0',
  webgpu:
    'install webgpu and @tensorflow/tfjs-backend-webgpu 4.22.0, and check that a Vulkan, Metal or D3D12 driver is present',
  wasm: 'reinstall @tensorflow/tfjs-backend-wasm 4.22.0',
  cpu: 'reinstall @tensorflow/tfjs 4.22.0',
};

/**
 * Chooses and starts the TensorFlow.js backend of this process (or worker).
 *
 * @throws ConfigError when the engine asked for cannot start, with what to install
 */
export async function selectEngine(options: SelectEngineOptions = {}): Promise<Engine> {
  const wanted = options.engine ?? (process.env.DGPO_ENGINE || 'auto');
  if (wanted !== 'auto' && !engineNames.some((name) => name === wanted)) {
    throw new ConfigError(`unknown engine "${wanted}"; choose auto, ${engineNames.join(', ')}`);
  }
  for (const name of engineNames) {
    if (wanted !== 'auto' && wanted !== name) continue;
    const through = await starters[name]();
    if (through === undefined) continue;
    await tf.ready();
    const fused = name === 'wasm' && registerFusedOps();
    const why = wanted === 'auto' ? 'the first that is available' : 'as asked';
    return { name, reason: `${through}, ${why}`, fused };
  }
  throw new ConfigError(
    `the engine "${wanted}" cannot start: ${remedies[wanted as EngineName] ?? 'no backend works here'}`,
  );
}
