import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { Command, Option } from 'commander';
import { buildCodeModels } from './code-models/build-code-models.js';
import { createConsoleReporter } from './commands/console-reporter.js';
import { integerFrom } from './commands/options.js';
import { assetsDirectory } from './demo/assets.js';
import { runScript } from './run-script.js';

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

const program = new Command('build-code-models')
  .description('Train the student and the teacher of arithmetic over the demo world. Continues where it stopped.')
  .option('--output <dir>', 'work folder', 'outputs/code-models')
  .option('--assets <dir>', 'folder of the shipped models, which gets these and their manifests', assetsDirectory)
  .addOption(new Option('--model <name>', 'only this one').choices(['student', 'teacher']))
  .option('--seed <number>', 'seed of world and models', integerFrom(0), 0)
  .option('--steps <numbers>', 'updates of each round, such as 600,300,200; with --model', (text) =>
    text.split(',').map(Number),
  )
  .option('--tasks <number>', 'held-out questions of each set that each model is measured on', integerFrom(1))
  .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0);

await runScript(program, async (signal) => {
  const { output, assets, seed, workers, model, steps, tasks } = program.opts<{
    output: string;
    assets: string;
    seed: number;
    workers: number;
    model?: 'student' | 'teacher';
    steps?: number[];
    tasks?: number;
  }>();
  if (steps !== undefined && (model === undefined || !steps.every((count) => Number.isInteger(count) && count > 0))) {
    throw new ConfigError('expected whole numbers of at least 1, and --model beside them', { where: '--steps' });
  }
  await buildCodeModels({
    outputDir: resolve(output),
    assetsDir: resolve(assets),
    ...{ seed, workers, signal, engine: 'wasm', commit: commit() },
    ...(model === undefined ? {} : { models: [model] }),
    ...(steps === undefined ? {} : { steps: { student: steps, teacher: steps } }),
    ...(tasks === undefined ? {} : { evaluationTasks: tasks }),
    reporter: createConsoleReporter({ stream: process.stderr, environment: process.env }),
  });
});
