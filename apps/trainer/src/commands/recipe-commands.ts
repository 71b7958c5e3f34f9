import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { formatTable } from '@dgpo/arc';
import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { flattenRecipe } from '../recipe/flatten-recipe.js';
import { findMethod } from '../recipe/methods.js';
import { findShippedRecipe, shippedRecipes } from '../recipe/shipped-recipes.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo ls`: the recipes that come with the package, and the papers of their methods. */
export function lsCommand({ output }: CliSurroundings): Command {
  return new Command('ls')
    .description('List the recipes and methods that there are, with their papers.')
    .addOption(jsonOption())
    .action(({ json }) => {
      const entries = shippedRecipes().map(({ name, method, description }) => {
        const known = findMethod(method);
        return {
          recipe: name,
          method,
          stages: known?.stages.map((stage) => stage.name) ?? [],
          paper: known?.paper ?? '',
          description: known !== undefined && name === method ? known.title : description,
        };
      });
      if (json) {
        printJson(output, entries);
        return;
      }
      const rows = entries.map(({ recipe, stages, paper, description }) => [
        recipe,
        stages.join(', '),
        paper,
        description,
      ]);
      output.write(`${formatTable({ columns: ['recipe', 'stages', 'paper', 'what'], rows })}\n`);
    });
}

/** `dgpo cp`: a recipe of one's own to change. */
export function cpCommand({ output, workingDirectory }: CliSurroundings): Command {
  return new Command('cp')
    .description('Copy a recipe with everything it extends into one file.')
    .argument('<recipe>', 'a name from `dgpo ls`')
    .argument('[target]', 'file or folder (default: <recipe>.yaml here)')
    .option('--force', 'replace the file if there is one')
    .action((name, target, { force }) => {
      const recipe = findShippedRecipe(name);
      const given = resolve(workingDirectory, target ?? '.');
      const isFolder = existsSync(given) && statSync(given).isDirectory();
      const path = isFolder ? join(given, `${name}.yaml`) : given;
      if (existsSync(path) && force !== true) {
        throw new ConfigError('is there already; give another name, or --force to replace it', { where: path });
      }
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, flattenRecipe({ path: recipe.path, target: dirname(path) }));
      const shown = relative(workingDirectory, path);
      output.write(`wrote ${shown}\nnext:  dgpo validate ${shown}\n       dgpo train ${shown}\n`);
    });
}
