import { isDgpoError } from '@dgpo/trajectory';
import type { Command, CommanderError } from 'commander';
import type { ConsoleStream } from '../run/console-tracker.js';
import { Interrupted } from './interrupted.js';

/** What every command line touches; tests give their own. */
export interface CommandLineSurroundings {
  /** Results. */
  output: ConsoleStream;
  /** Progress, notices and errors. */
  errors: ConsoleStream;
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** Makes a program and its commands write where they are told to, and throw instead of ending the process. */
export function connectProgram(program: Command, { output, errors }: CommandLineSurroundings): Command {
  program
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

/** By its code, since a program that uses this one may bring a commander of its own. */
const isCommanderError = (error: unknown): error is CommanderError =>
  error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.');

const oneLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim();

function explain(error: unknown, { errors, environment }: CommandLineSurroundings): number {
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
 * Runs a command line and returns its exit code: 0 success, 1 failure, 2 bad input, 130 interrupted. Failures are one line on the
 * error stream.
 */
export async function runCommandLine(
  run: () => Promise<unknown>,
  surroundings: CommandLineSurroundings,
): Promise<number> {
  const { errors, signal } = surroundings;
  try {
    await run();
    return 0;
  } catch (error) {
    // Commander has already written its message, or the help that was asked for.
    if (isCommanderError(error)) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Interrupted) {
      errors.write(`interrupted: ${error.message}\n`);
      return 130;
    }
    if (signal.aborted && !isDgpoError(error)) {
      errors.write('interrupted\n');
      return 130;
    }
    return explain(error, surroundings);
  }
}
