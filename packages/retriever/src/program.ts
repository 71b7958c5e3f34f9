import { isDgpoError } from '@dgpo/trajectory';
import { Command, CommanderError } from 'commander';
import { evalCommand } from './commands/eval-command.js';
import { indexCommand } from './commands/index-command.js';
import { mcpCommand } from './commands/mcp-command.js';
import { queryCommand } from './commands/query-command.js';
import { serveCommand } from './commands/serve-command.js';
import type { CliSurroundings } from './commands/surroundings.js';
import { packageVersion } from './package-version.js';

/** The command line of `dgpo-retriever`, ready to parse; throws instead of ending the process. */
export function createProgram(surroundings: CliSurroundings): Command {
  const program = new Command('dgpo-retriever')
    .description('Index a corpus, search it, serve it to search agents and measure what it finds.')
    .version(packageVersion())
    .addHelpText('after', '\nExit codes: 0 success, 1 failure, 2 bad input, 130 interrupted.');
  for (const build of [indexCommand, serveCommand, queryCommand, evalCommand, mcpCommand])
    program.addCommand(build(surroundings));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: surroundings.writeOut,
      writeErr: surroundings.writeError,
      // Commander puts "Did you mean …" on a line of its own.
      outputError: (text, write) => write(`${text.trimEnd().replaceAll('\n', ' ')}\n`),
      // The width of a help text must not depend on the terminal that prints it into a file.
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  }
  return program;
}

/**
 * Runs one command line (without `node` and the script) and returns its exit code: 0 success, 1 failure, 2 bad input,
 * 130 interrupted. Failures are one line on stderr.
 */
export async function runProgram(words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  try {
    await createProgram(surroundings).parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already written its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (surroundings.signal.aborted) {
      surroundings.writeError('interrupted\n');
      return 130;
    }
    const message = error instanceof Error ? error.message : String(error);
    surroundings.writeError(`error: ${message.replaceAll('\n', ' ')}\n`);
    const badInput = isDgpoError(error) && (error.code === 'CONFIG_ERROR' || error.code === 'DATASET_ERROR');
    return badInput ? 2 : 1;
  }
}
