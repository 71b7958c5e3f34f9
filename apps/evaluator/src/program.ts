import { readFileSync } from 'node:fs';
import { connectProgram, runCommandLine } from '@dgpo/trainer';
import { Command } from 'commander';
import { benchmarksCommand } from './commands/benchmarks-command.js';
import { compareCommand } from './commands/compare-command.js';
import { reportCommand } from './commands/report-command.js';
import { runCommand } from './commands/run-command.js';
import { serveCommand } from './commands/serve-command.js';
import type { CliSurroundings } from './commands/surroundings.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function createProgram(surroundings: CliSurroundings): Command {
  const program = new Command('dgpo-eval')
    .description('Evaluate search agents, compare them, report on their training.')
    .version(version)
    .addCommand(runCommand(surroundings))
    .addCommand(benchmarksCommand(surroundings))
    .addCommand(compareCommand(surroundings))
    .addCommand(reportCommand(surroundings))
    .addCommand(serveCommand(surroundings));
  return connectProgram(program, surroundings);
}

/** Runs one command line (without `node` and the script) and returns its exit code. */
export function runProgram(words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  return runCommandLine(() => createProgram(surroundings).parseAsync(words, { from: 'user' }), surroundings);
}
