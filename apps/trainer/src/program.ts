import { readFileSync } from 'node:fs';
import { isDgpoError } from '@dgpo/trajectory';
import { Command, CommanderError } from 'commander';
import { askCommand } from './commands/ask-command.js';
import { demoCommand } from './commands/demo-command.js';
import { downloadCommand } from './commands/download-command.js';
import { envCommand } from './commands/env-command.js';
import { initCommand } from './commands/init-command.js';
import { Interrupted } from './commands/interrupted.js';
import type { CliSurroundings } from './commands/surroundings.js';
import { trainCommand, validateCommand } from './commands/train-command.js';
import { type RecipeOverride, splitRecipeFlags } from './recipe/recipe-flags.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Commands that take recipe keys as flags. */
const recipeCommands = ['train', 'validate'];

/** The command line of `dgpo`, ready to parse; throws instead of ending the process. */
export function createProgram(surroundings: CliSurroundings, overrides: readonly RecipeOverride[] = []): Command {
  const { output, errors } = surroundings;
  const program = new Command('dgpo')
    .description('Train compact search agents by distillation-guided policy optimisation (DGPO).')
    .version(version)
    .commandsGroup('Start here:')
    .addCommand(demoCommand(surroundings))
    .commandsGroup('Train on your own data:')
    .addCommand(initCommand(surroundings))
    .addCommand(validateCommand(surroundings, overrides))
    .addCommand(trainCommand(surroundings, overrides))
    .addCommand(askCommand(surroundings))
    .commandsGroup('Around it:')
    .addCommand(downloadCommand(surroundings))
    .addCommand(envCommand(surroundings, version))
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

/** Takes the recipe flags out of the words of a command that has them. */
function splitWords(words: readonly string[]): { words: readonly string[]; overrides: RecipeOverride[] } {
  const position = words.findIndex((word) => !word.startsWith('-'));
  if (!recipeCommands.includes(words[position] ?? '')) return { words, overrides: [] };
  const { rest, overrides } = splitRecipeFlags(words.slice(position + 1));
  return { words: [...words.slice(0, position + 1), ...rest], overrides };
}

const oneLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim();

function explain(error: unknown, { errors, environment }: CliSurroundings): number {
  if (isDgpoError(error)) {
    errors.write(`error: ${oneLine(error)}\n`);
    return error.code === 'CONFIG_ERROR' || error.code === 'DATASET_ERROR' ? 2 : 1;
  }
  const stack = error instanceof Error ? error.stack : undefined;
  const debug = (environment.DGPO_DEBUG ?? '') !== '' && stack !== undefined;
  errors.write(debug ? `${stack}\n` : `unexpected error: ${oneLine(error)} (set DGPO_DEBUG=1 for the stack)\n`);
  return 1;
}

/**
 * Runs one command line (without `node` and the script) and returns its exit code: 0 success, 1 failure, 2 bad input,
 * 130 interrupted. Failures are one line on the error stream.
 */
export async function runProgram(words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  try {
    const split = splitWords(words);
    await createProgram(surroundings, split.overrides).parseAsync(split.words, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already written its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Interrupted) {
      surroundings.errors.write(`interrupted: ${error.message}\n`);
      return 130;
    }
    if (surroundings.signal.aborted && !isDgpoError(error)) {
      surroundings.errors.write('interrupted\n');
      return 130;
    }
    return explain(error, surroundings);
  }
}
