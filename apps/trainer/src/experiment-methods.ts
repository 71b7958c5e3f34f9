import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { createConsoleReporter } from './commands/console-reporter.js';
import { integerFrom } from './commands/options.js';
import { runMethods } from './experiment/run-methods.js';
import { currentCommit, readSeeds, runSideBySide } from './experiment/side-by-side.js';
import { writeMethodsReport } from './experiment/write-methods-report.js';
import { recipesDirectory } from './recipe/shipped-recipes.js';
import { runScript } from './run-script.js';

const program = new Command('dgpo-experiment-methods')
  .description('Run every method of the table over several seeds and write it. Continues where it stopped, run by run.')
  .option('--output <dir>', 'work folder', 'outputs/experiment-methods')
  .option('--results <dir>', 'folder of the runs, the table and its curves', 'docs/experiments/methods')
  .option('--recipe <file>', 'what all rows share', join(recipesDirectory, 'base/demo-world.yaml'))
  .option('--seeds <list>', 'comma-separated', '0,1,2')
  .option('--rows <list>', 'comma-separated names of rows (default: all)')
  .option('--questions <number>', 'held-out questions of each set', integerFrom(1), 500)
  .option('--tune', 'try the grid of every row on the first seed given and freeze the settings')
  .option('--side-by-side <number>', 'seeds at one time, each in a process of its own', integerFrom(1), 1)
  .option('--workers <number>', 'worker threads of each; 0 shares the cores out', integerFrom(0), 0)
  .option('--report-only', 'write the table from the runs there are');

await runScript(program, async (signal) => {
  const options = program.opts<{
    output: string;
    results: string;
    recipe: string;
    seeds: string;
    rows?: string;
    questions: number;
    tune?: boolean;
    sideBySide: number;
    workers: number;
    reportOnly?: boolean;
  }>();
  const seeds = readSeeds(options.seeds);
  const resultsDir = resolve(options.results);
  const report = () => writeMethodsReport({ resultsDir });
  if (options.reportOnly) return report();
  const { output, results, recipe, questions, rows, sideBySide, workers } = options;
  const waiting = await runSideBySide({
    // Tuning is on the first seed alone.
    seeds: options.tune ? seeds.slice(0, 1) : seeds,
    sideBySide,
    flags: { output, results, recipe, questions, rows },
    workers,
    signal,
  });
  for (const seed of waiting) {
    signal.throwIfAborted();
    const { interrupted } = await runMethods({
      baseRecipe: resolve(options.recipe),
      outputDir: resolve(options.output),
      resultsDir,
      seed,
      ...(options.rows === undefined ? {} : { rows: options.rows.split(',') }),
      tune: options.tune === true,
      questions: options.questions,
      commit: currentCommit(),
      workers: options.workers,
      reporter: createConsoleReporter({ stream: process.stderr, environment: process.env }),
      signal,
    });
    if (interrupted) return;
  }
  await report();
});
