import { ConfigError } from '@dgpo/trajectory';
import { parse } from 'yaml';
import { type RecipeField, recipeFields } from './recipe-fields.js';
import { recipeKinds } from './recipe-kinds.js';

/** A value from the command line that replaces one of the recipe. */
export interface RecipeOverride {
  /** Dotted path as in the recipe, such as `rl.maxSteps`. */
  path: string;
  value: unknown;
  /** The flag as it was typed, for error messages. */
  flag: string;
}

/** Every recipe key that can be given as a flag, of both kinds. */
export function recipeFlags(): RecipeField[] {
  const fields = new Map(recipeKinds.flatMap(recipeFields).map((field) => [field.path, field]));
  return [...fields.values()].filter((field) => field.type !== 'section');
}

const camelCase = (text: string) => text.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Takes the recipe flags out of command-line arguments: `--rl.maxSteps 20`, `--rl.max-steps=20`, `--seed 1`. Every dotted flag
 * counts as one, so that a misspelt key is reported with its nearest valid name when the recipe is loaded; a flag without a dot
 * counts when it is a top-level key. A value is read as YAML, so lists work too; a boolean flag may stand alone.
 *
 * @returns the overrides, and the arguments that are not recipe flags, in order
 * @throws {ConfigError} when a value is missing or is not YAML
 */
export function splitRecipeFlags(args: readonly string[]): { overrides: RecipeOverride[]; rest: string[] } {
  const types = new Map(recipeFlags().map((field) => [field.path, field.type]));
  const overrides: RecipeOverride[] = [];
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] as string;
    if (argument === '--') return { overrides, rest: [...rest, ...args.slice(index)] };
    const match = /^--([A-Za-z][\w.-]*)(?:=([\s\S]*))?$/.exec(argument);
    const path = match?.[1] === undefined ? '' : camelCase(match[1]);
    if (!path.includes('.') && !types.has(path)) {
      rest.push(argument);
      continue;
    }
    const flag = `--${match?.[1]}`;
    const following = args[index + 1];
    const alone = match?.[2] === undefined && (following === undefined || following.startsWith('--'));
    if (alone && types.get(path) !== 'boolean') throw new ConfigError('needs a value', { where: flag });
    if (match?.[2] === undefined && !alone) index++;
    const text = alone ? 'true' : (match?.[2] ?? following ?? '');
    overrides.push({ path, flag, value: types.get(path) === 'string' ? text : readValue(text, flag) });
  }
  return { overrides, rest };
}

function readValue(text: string, flag: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new ConfigError(`cannot read the value ${JSON.stringify(text)}`, { where: flag, cause });
  }
}
