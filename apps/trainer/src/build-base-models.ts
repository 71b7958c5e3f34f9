import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { buildBaseModels } from './apprentice/build-base-models.js';
import { createConsoleReporter } from './commands/console-reporter.js';
import { integerFrom } from './commands/options.js';
import { assetsDirectory } from './demo/assets.js';
import { runScript } from './run-script.js';

type World = 'household' | 'webshop';

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

const program = new Command('build-base-models')
  .description('Train the models that hint distillation starts from. Continues where it stopped.')
  .option('--output <dir>', 'work folder', 'outputs/base-models')
  .option('--assets <dir>', 'folder for the models and their manifests', assetsDirectory)
  .addOption(new Option('--world <name>', 'only this one').choices(['household', 'webshop']))
  .option('--seed <number>', 'seed of worlds and models', integerFrom(0), 0)
  .option('--steps <number>', 'updates of each training', integerFrom(1))
  .option('--episodes <number>', 'episodes of apprentices that each training draws from', integerFrom(1))
  .option('--tasks <number>', 'unseen tasks that each model is measured on', integerFrom(1))
  .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0);

await runScript(program, async (signal) => {
  const { output, assets, seed, workers, world, steps, episodes, tasks } = program.opts<{
    output: string;
    assets: string;
    seed: number;
    workers: number;
    world?: World;
    steps?: number;
    episodes?: number;
    tasks?: number;
  }>();
  await buildBaseModels({
    outputDir: resolve(output),
    assetsDir: resolve(assets),
    worlds: world === undefined ? ['household', 'webshop'] : [world],
    ...{ seed, workers, signal, engine: 'wasm', commit: commit() },
    ...(steps === undefined ? {} : { steps }),
    ...(episodes === undefined ? {} : { episodes }),
    ...(tasks === undefined ? {} : { evaluationTasks: tasks }),
    reporter: createConsoleReporter({ stream: process.stderr, environment: process.env }),
  });
});
