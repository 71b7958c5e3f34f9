import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import { type BlasFacts, type EngineName, engineNames, findBlas, selectEngine } from '@dgpo/lm';
import { Command } from 'commander';
import { installedVersion } from './installed-version.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

const tensorflowPackages = ['@tensorflow/tfjs', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'];

const optionalPackages = [
  '@tensorflow/tfjs-node-gpu',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-backend-webgpu',
  'webgpu',
  'koffi',
  '@huggingface/hub',
  'hnswlib-node',
];

interface EnvironmentSummary {
  dgpo: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  /** Bytes. */
  memory: { total: number; free: number };
  engines: Record<EngineName, boolean>;
  /** What `engine: auto` chooses, and why. */
  engine: { name: EngineName; reason: string; kernels: 'own' | 'stock' };
  /** Whether WebAssembly has the SIMD instructions that our kernels need. */
  simd: boolean;
  /** The native library that is here, and whether the engine uses it; or why there is none. */
  blas: (BlasFacts & { used: boolean }) | { used: false; reason: string };
  packages: Record<string, string | null>;
}

async function starts(engine: EngineName): Promise<boolean> {
  try {
    await selectEngine({ engine, blas: 'off' });
    return true;
  } catch {
    return false;
  }
}

/** A module whose only function adds two vectors: valid where there is SIMD. */
const simdModule = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[10, 16, 1, 14, 0, 65, 0, 253, 17, 65, 0, 253, 17, 253, 228, 1, 26, 11],
]);

function hasSimd(): boolean {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(module: Uint8Array): boolean } };
  return WebAssembly.validate(simdModule);
}

/** @param kernels whether the engine has our kernels: a library takes over from those */
async function describeBlas(kernels: 'own' | 'stock'): Promise<EnvironmentSummary['blas']> {
  const wanted = process.env.DGPO_BLAS || 'off';
  const found = await findBlas(wanted === 'off' || wanted === 'auto' ? {} : { library: wanted });
  if (found.blas === undefined) return { used: false, reason: found.reason };
  return { ...found.blas.facts, used: wanted !== 'off' && kernels === 'own' };
}

async function describeEnvironment(version: string): Promise<EnvironmentSummary> {
  const engines: Partial<Record<EngineName, boolean>> = {};
  for (const name of engineNames) engines[name] = await starts(name);
  // Last, so that it is the one that stays.
  const { name, reason, fused } = await selectEngine({ blas: 'off' });
  const kernels = fused ? 'own' : 'stock';
  return {
    dgpo: version,
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: { total: totalmem(), free: freemem() },
    engines: engines as Record<EngineName, boolean>,
    engine: { name, reason, kernels },
    simd: hasSimd(),
    blas: await describeBlas(kernels),
    packages: Object.fromEntries(
      [...tensorflowPackages, ...optionalPackages].map((item) => [item, installedVersion(item) ?? null]),
    ),
  };
}

function renderBlas(blas: EnvironmentSummary['blas']): string {
  if ('reason' in blas) return `none: ${blas.reason}`;
  const threads = blas.threads === undefined ? '' : `, ${blas.threads} ${blas.threads === 1 ? 'thread' : 'threads'}`;
  return `${blas.library} (${blas.config})${threads}${blas.used ? '' : '; not used: DGPO_BLAS=auto on the engine wasm uses it'}`;
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function render(summary: EnvironmentSummary): string {
  const { engine, engines, memory, packages } = summary;
  const lines: [string, string][] = [
    ['dgpo', summary.dgpo],
    ['Node', summary.node],
    ['platform', summary.platform],
    ['processor', `${summary.cpu}, ${summary.cores} cores`],
    ['memory', `${gibibytes(memory.total)}, ${gibibytes(memory.free)} free`],
    ['engine', `${engine.name} (${engine.reason})`],
    ['kernels', engine.kernels === 'own' ? 'own, fused' : 'stock TensorFlow.js ops'],
    ['SIMD', summary.simd ? 'in WebAssembly' : 'none in WebAssembly'],
    ['BLAS', renderBlas(summary.blas)],
    ...engineNames.map((name): [string, string] => [`  ${name}`, engines[name] ? 'works' : 'not here']),
    ['packages', ''],
    ...Object.entries(packages).map(([name, found]): [string, string] => [`  ${name}`, found ?? 'not installed']),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${`${name.padEnd(width)}  ${value}`.trimEnd()}\n`).join('');
}

/** `dgpo env`: what there is to compute with, for bug reports. */
export function envCommand({ output }: CliSurroundings, version: string): Command {
  return new Command('env')
    .description('Show Node, memory, engines, kernels, BLAS and packages, for a bug report.')
    .addOption(jsonOption())
    .action(async ({ json }) => {
      const summary = await describeEnvironment(version);
      if (json) printJson(output, summary);
      else output.write(render(summary));
    });
}
