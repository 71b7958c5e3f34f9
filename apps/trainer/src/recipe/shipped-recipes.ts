import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@dgpo/trajectory';
import { nearestName } from './nearest-name.js';
import { mergeChain, readRecipeChain } from './recipe-chain.js';

/** Where the recipes lie: in the repository, or in the package beside the built files. */
export const recipesDirectory = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('../../../../recipes', import.meta.url)
    : new URL('./recipes', import.meta.url),
);

/** A recipe that comes with the package. */
export interface ShippedRecipe {
  name: string;
  path: string;
  method: string;
  /** Its first comment. */
  description: string;
}

/** The lines of comment at the start, without those for editors and those that show commands. */
function descriptionOf(text: string): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('#')) break;
    const comment = line.slice(1);
    if (!comment.startsWith(' yaml-language-server') && !comment.startsWith('   ')) lines.push(comment.trim());
  }
  return (lines.join(' ').split(/(?<=\.) |: {2,}dgpo/)[0] ?? '').replace(/\.$/, '');
}

/** Every recipe that comes with the package, by name. */
export function shippedRecipes(directory: string = recipesDirectory): ShippedRecipe[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.yaml'));
  return files.sort().map((file) => {
    const path = join(directory, file);
    const text = readFileSync(path, 'utf8');
    const { method } = mergeChain(readRecipeChain({ text, path }));
    return { name: basename(file, '.yaml'), path, method: String(method ?? 'dgpo'), description: descriptionOf(text) };
  });
}

/** @throws {ConfigError} with the nearest name when there is no such recipe */
export function findShippedRecipe(name: string): ShippedRecipe {
  const recipes = shippedRecipes();
  const found = recipes.find((recipe) => recipe.name === name);
  if (found !== undefined) return found;
  const names = recipes.map((recipe) => recipe.name);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `there are ${names.join(', ')}` : `did you mean "${nearest}"?`;
  throw new ConfigError(`there is no recipe ${JSON.stringify(name)}; ${hint}`, { where: 'dgpo ls lists them' });
}
