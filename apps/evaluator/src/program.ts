import { readFileSync } from 'node:fs';
import { isDgpoError } from '@dgpo/trajectory';
import { Command, CommanderError } from 'commander';
import { compareCommand } from './commands/compare-command.js';
import { reportCommand } from './commands/report-command.js';
import { runCommand } from './commands/run-command.js';
import type { CliSurroundings } from './commands/surroundings.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The command line, ready to parse; throws instead of ending the process. */
function createProgram(surroundings: CliSurroundings): Command {
  const { output, errors } = surroundings;
  const program = new Command('dgpo-eval')
    .description('Evaluate search agents, compare them, report on their training.')
    .version(version)
    .addCommand(runCommand(surroundings))
    .addCommand(compareCommand(surroundings))
    .addCommand(reportCommand(surroundings))
    .helpCommand('help [command]', 'display help for command')
    .addHelpText('after', '\nExit codes: 0 success, 1 failure, 2 bad input, 130 interrupted.');
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(text),
      // Commander puts "Did you mean …" on a line of its own.
      outputError: (text, write) => write(`${text.trimEnd().replaceAll('\n', ' ')}\n`),
      // The width of a help text must not depend on the terminal that prints it into a file.
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  }
  return program;
}

const oneLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim();

function explain(error: unknown, { errors, environment }: CliSurroundings): number {
  if (isDgpoError(error)) {
    errors.write(`error: ${oneLine(error)}\n`);
    return error.code === 'CONFIG_ERROR' || error.code === 'DATASET_ERROR' ? 2 : 1;
  }
  const stack = error instanceof Error ? error.stack : undefined;
  const isDebugging = (environment.DGPO_DEBUG ?? '') !== '' && stack !== undefined;
  errors.write(isDebugging ? `${stack}\n` : `unexpected error: ${oneLine(error)} (set DGPO_DEBUG=1 for the stack)\n`);
  return 1;
}

/**
 * Runs one command line (without `node` and the script) and returns its exit code: 0 success, 1 failure, 2 bad input,
 * 130 interrupted. Failures are one line on the error stream.
 */
export async function runProgram(words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  try {
    await createProgram(surroundings).parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already written its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (surroundings.signal.aborted) {
      surroundings.errors.write('interrupted\n');
      return 130;
    }
    return explain(error, surroundings);
  }
}
