import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { createConsoleReporter } from './commands/console-reporter.js';
import { integerFrom } from './commands/options.js';
import { assetsDirectory } from './demo/assets.js';
import { buildDemoModels } from './demo/build-demo-models.js';
import { runScript } from './run-script.js';

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

const program = new Command('dgpo-build-demo-models')
  .description('Pretrain the base student and teach the teacher that the demo starts from. Continues where it stopped.')
  .option('--output <dir>', 'work folder', 'outputs/demo-models')
  .option('--assets <dir>', 'folder for the models and their manifest', assetsDirectory)
  .option('--seed <number>', 'seed of world and models', integerFrom(0), 0)
  .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0);

await runScript(program, async (signal) => {
  const { output, assets, seed, workers } = program.opts<{
    output: string;
    assets: string;
    seed: number;
    workers: number;
  }>();
  await buildDemoModels({
    outputDir: resolve(output),
    assetsDir: resolve(assets),
    seed,
    engine: 'wasm',
    workers,
    commit: commit(),
    reporter: createConsoleReporter({ stream: process.stderr, environment: process.env }),
    signal,
  });
});
