import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { Interrupted } from '../command-line/interrupted.js';
import { createConsoleReporter } from './console-reporter.js';
import { engineOption, integerFrom, jsonOption, seedOption } from './options.js';
import { printJson } from './print-json.js';
import { startOver } from './start-over.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo demo`: the whole method on a small world, in minutes. */
export function demoCommand(surroundings: CliSurroundings): Command {
  const { output, errors, environment, signal, workingDirectory } = surroundings;
  return new Command('demo')
    .description('Train a search agent on a small world, measure it and show it at work. Continues where it stopped.')
    .optionsGroup('What to run:')
    .addOption(
      new Option('--preset <name>', 'full: about 5 minutes on two cores; quick: 1 to 2')
        .choices(['full', 'quick'] as const)
        .default('full' as const),
    )
    .option('--compare', 'add PPO from base, cold start and PPO, uniform KL and GRPO, with the same budget')
    .option('--from-scratch', 'build the base student and the teacher too')
    .addOption(seedOption())
    .optionsGroup('Where and how:')
    .option('--output <dir>', 'run directory', 'outputs/demo')
    .option('--fresh', 'start over instead of continuing what is in the run directory')
    .addOption(engineOption())
    .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0)
    .optionsGroup('Output:')
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async ({ preset, compare, fromScratch, seed, output: directory, fresh, engine, workers, json }) => {
      const outputDir = resolve(workingDirectory, directory);
      if (fresh) startOver(outputDir);
      const run = surroundings.runDemo ?? (await import('../demo/run-demo.js')).runDemo;
      const { interrupted, result, text } = await run({
        preset,
        compare: compare === true,
        seed,
        fromScratch: fromScratch === true,
        outputDir,
        engine,
        workers,
        resume: fresh !== true,
        signal,
        reporter: createConsoleReporter({ stream: errors, environment, quiet: json === true, signal }),
      });
      if (interrupted) throw new Interrupted('the same command continues it');
      if (json) printJson(output, result);
      else output.write(text.endsWith('\n') ? text : `${text}\n`);
    });
}
