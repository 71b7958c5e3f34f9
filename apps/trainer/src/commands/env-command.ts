import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import { type EngineName, engineNames, selectEngine } from '@dgpo/lm';
import { Command } from 'commander';
import { installedVersion } from './installed-version.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

const optionalPackages = [
  '@tensorflow/tfjs-node-gpu',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-backend-webgpu',
  'webgpu',
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
  packages: Record<string, string | null>;
}

async function starts(engine: EngineName): Promise<boolean> {
  try {
    await selectEngine({ engine });
    return true;
  } catch {
    return false;
  }
}

async function describeEnvironment(version: string): Promise<EnvironmentSummary> {
  const engines: Partial<Record<EngineName, boolean>> = {};
  for (const name of engineNames) engines[name] = await starts(name);
  // Last, so that it is the one that stays.
  const { name, reason, fused } = await selectEngine();
  return {
    dgpo: version,
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: { total: totalmem(), free: freemem() },
    engines: engines as Record<EngineName, boolean>,
    engine: { name, reason, kernels: fused ? 'own' : 'stock' },
    packages: Object.fromEntries(optionalPackages.map((item) => [item, installedVersion(item) ?? null])),
  };
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
    ...engineNames.map((name): [string, string] => [`  ${name}`, engines[name] ? 'works' : 'not here']),
    ['optional', 'packages'],
    ...Object.entries(packages).map(([name, found]): [string, string] => [`  ${name}`, found ?? 'not installed']),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

/** `dgpo env`: what there is to compute with, for bug reports. */
export function envCommand({ output }: CliSurroundings, version: string): Command {
  return new Command('env')
    .description('Show Node, memory, engines, optional packages and kernels, for a bug report.')
    .addOption(jsonOption())
    .action(async ({ json }) => {
      const summary = await describeEnvironment(version);
      if (json) printJson(output, summary);
      else output.write(render(summary));
    });
}
