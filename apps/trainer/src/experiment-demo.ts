import { resolve } from 'node:path';
import { Command } from 'commander';
import { createConsoleReporter } from './commands/console-reporter.js';
import { integerFrom } from './commands/options.js';
import { runExperiment } from './demo/run-experiment.js';
import { readSeeds } from './experiment/side-by-side.js';
import { runScript } from './run-script.js';

const program = new Command('dgpo-experiment-demo')
  .description(
    'Run the demo over several seeds with large held-out sets and write the comparison. Continues where it stopped.',
  )
  .option('--output <dir>', 'work folder', 'outputs/experiment-demo')
  .option('--results <dir>', 'folder for results.json and results.md', 'experiments/demo')
  .option('--seeds <list>', 'comma-separated', '0,1,2')
  .option('--questions <number>', 'held-out questions of each set', integerFrom(1), 1000)
  .option('--all', 'every method of --compare, not only DGPO and PPO from base')
  .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0);

await runScript(program, async (signal) => {
  const options = program.opts<{
    output: string;
    results: string;
    seeds: string;
    questions: number;
    all?: boolean;
    workers: number;
  }>();
  await runExperiment({
    outputDir: resolve(options.output),
    resultsDir: resolve(options.results),
    seeds: readSeeds(options.seeds),
    questions: options.questions,
    all: options.all === true,
    workers: options.workers,
    reporter: createConsoleReporter({ stream: process.stderr, environment: process.env }),
    signal,
  });
});
