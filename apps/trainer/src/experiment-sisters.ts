import { resolve } from 'node:path';
import { Command } from 'commander';
import { createConsoleReporter } from './commands/console-reporter.js';
import { integerFrom } from './commands/options.js';
import { runSisters } from './experiment/run-sisters.js';
import { currentCommit, readSeeds, runSideBySide } from './experiment/side-by-side.js';
import { writeSistersReport } from './experiment/write-sisters-report.js';
import { runScript } from './run-script.js';

const program = new Command('dgpo-experiment-sisters')
  .description(
    'Run agent distillation, hint distillation and both followed by DGPO over several seeds and write the tables. Continues where it stopped.',
  )
  .option('--output <dir>', 'work folder', 'outputs/experiment-sisters')
  .option('--results <dir>', 'folder of the runs, the tables and their curves', 'docs/experiments/sisters')
  .option('--seeds <list>', 'comma-separated', '0,1,2')
  .option('--rows <list>', 'comma-separated names of rows (default: all)')
  .option('--side-by-side <number>', 'seeds at one time, each in a process of its own', integerFrom(1), 1)
  .option('--workers <number>', 'worker threads of each; 0 shares the cores out', integerFrom(0), 0)
  .option('--report-only', 'write the tables from the runs there are');

await runScript(program, async (signal) => {
  const { output, results, rows, workers, ...options } = program.opts<{
    output: string;
    results: string;
    seeds: string;
    rows?: string;
    sideBySide: number;
    workers: number;
    reportOnly?: boolean;
  }>();
  const resultsDir = resolve(results);
  if (options.reportOnly) return writeSistersReport({ resultsDir });
  const flags = { output, results, rows };
  const { sideBySide } = options;
  const left = await runSideBySide({ seeds: readSeeds(options.seeds), sideBySide, flags, workers, signal });
  for (const seed of left) {
    signal.throwIfAborted();
    const { interrupted } = await runSisters({
      outputDir: resolve(output),
      resultsDir,
      seed,
      ...(rows === undefined ? {} : { rows: rows.split(',') }),
      commit: currentCommit(),
      workers,
      reporter: createConsoleReporter({ stream: process.stderr, environment: process.env }),
      signal,
    });
    if (interrupted) return;
  }
  writeSistersReport({ resultsDir });
});
