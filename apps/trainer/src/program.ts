import { Command } from 'commander';
import { connectProgram, runCommandLine } from './command-line/run-command-line.js';
import { askCommand } from './commands/ask-command.js';
import { demoCommand } from './commands/demo-command.js';
import { downloadCommand } from './commands/download-command.js';
import { envCommand } from './commands/env-command.js';
import { generateCommand } from './commands/generate-command.js';
import { initCommand } from './commands/init-command.js';
import { playCommand } from './commands/play-command.js';
import { cpCommand, lsCommand } from './commands/recipe-commands.js';
import { serveCommand } from './commands/serve-command.js';
import type { CliSurroundings } from './commands/surroundings.js';
import { trainCommand, validateCommand } from './commands/train-command.js';
import { workerCommand } from './commands/worker-command.js';
import { type RecipeOverride, splitRecipeFlags } from './recipe/recipe-flags.js';
import { version } from './version.js';

/** Commands that take recipe keys as flags. */
const recipeCommands = ['train', 'validate'];

/** The command line of `dgpo`, ready to parse; throws instead of ending the process. */
export function createProgram(surroundings: CliSurroundings, overrides: readonly RecipeOverride[] = []): Command {
  const program = new Command('dgpo')
    .description('Train compact search agents by distillation-guided policy optimisation (DGPO).')
    .version(version)
    .commandsGroup('Start here:')
    .addCommand(demoCommand(surroundings))
    .commandsGroup('Train on your own data:')
    .addCommand(initCommand(surroundings))
    .addCommand(lsCommand(surroundings))
    .addCommand(cpCommand(surroundings))
    .addCommand(validateCommand(surroundings, overrides))
    .addCommand(trainCommand(surroundings, overrides))
    .addCommand(workerCommand(surroundings))
    .addCommand(askCommand(surroundings))
    .commandsGroup('Use a model:')
    .addCommand(generateCommand(surroundings))
    .addCommand(serveCommand(surroundings))
    .commandsGroup('Around it:')
    .addCommand(playCommand(surroundings))
    .addCommand(downloadCommand(surroundings))
    .addCommand(envCommand(surroundings, version));
  return connectProgram(program, surroundings);
}

/** Takes the recipe flags out of the words of a command that has them. */
function splitWords(words: readonly string[]): { words: readonly string[]; overrides: RecipeOverride[] } {
  const position = words.findIndex((word) => !word.startsWith('-'));
  if (!recipeCommands.includes(words[position] ?? '')) return { words, overrides: [] };
  const { rest, overrides } = splitRecipeFlags(words.slice(position + 1));
  return { words: [...words.slice(0, position + 1), ...rest], overrides };
}

/** Runs one command line (without `node` and the script) and returns its exit code. */
export function runProgram(words: readonly string[], surroundings: CliSurroundings): Promise<number> {
  return runCommandLine(() => {
    const split = splitWords(words);
    return createProgram(surroundings, split.overrides).parseAsync(split.words, { from: 'user' });
  }, surroundings);
}
