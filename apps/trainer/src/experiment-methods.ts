import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { createConsoleReporter } from './commands/console-reporter.js';
import { runMethods } from './experiment/run-methods.js';
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
  .option('--questions <number>', 'held-out questions of each set', Number, 500)
  .option('--tune', 'try the grid of every row on the first seed given and freeze the settings')
  .option('--side-by-side <number>', 'seeds at one time, each in a process of its own', Number, 1)
  .option('--workers <number>', 'worker threads of each; 0 shares the cores out', Number, 0)
  .option('--report-only', 'write the table from the runs there are');

function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** The same script on one seed, in a process of its own. */
function runSeed(options: { words: readonly string[]; seed: number; signal: AbortSignal }): Promise<void> {
  const { words, seed, signal } = options;
  const script = process.argv[1] ?? '';
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [...process.execArgv, script, ...words, '--seeds', String(seed)], {
      stdio: 'inherit',
    });
    signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    child.on('error', fail);
    child.on('exit', (code) => {
      if (code === 0 || signal.aborted) done();
      else fail(new ConfigError('this seed failed; its messages are above', { where: `seed ${seed}` }));
    });
  });
}

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
  const seeds = options.seeds.split(',').map(Number);
  if (!seeds.every((seed) => Number.isInteger(seed) && seed >= 0)) {
    throw new ConfigError('takes whole numbers, such as 0,1,2', { where: '--seeds' });
  }
  const resultsDir = resolve(options.results);
  const report = () => writeMethodsReport({ resultsDir });
  if (options.reportOnly) return report();
  const [first] = seeds;
  const waiting = options.tune && first !== undefined ? [first] : [...seeds];
  while (options.sideBySide > 1 && waiting.length > 1 && !signal.aborted) {
    const batch = waiting.splice(0, options.sideBySide);
    const workers = options.workers || Math.max(1, Math.floor(availableParallelism() / batch.length));
    const { output, results, recipe, questions, rows } = options;
    const words = Object.entries({ output, results, recipe, questions, rows, workers }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    );
    await Promise.all(batch.map((seed) => runSeed({ words, seed, signal })));
  }
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
