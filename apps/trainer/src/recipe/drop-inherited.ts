import type { RawRecipe } from './expand-method.js';
import { isSaid, isTree } from './key-trees.js';
import { recipeConflicts } from './recipe-schema.js';

function without(tree: RawRecipe, [name = '', ...rest]: readonly string[]): RawRecipe {
  const { [name]: value, ...others } = tree;
  return rest.length === 0 || !isTree(value) ? others : { ...others, [name]: without(value, rest) };
}

/**
 * A recipe without the keys that it has from the recipe it extends and that its method does not read or has otherwise: what is shared by
 * recipes of several methods need not fit each of them. What the recipe itself or a flag says stays, and is refused.
 *
 * @param options.own keys of the recipe itself and of flags
 */
export function dropInherited(options: { merged: RawRecipe; own: RawRecipe }): RawRecipe {
  const { own } = options;
  let { merged } = options;
  // A key may lose its meaning with another one that goes.
  for (;;) {
    const inherited = recipeConflicts(merged).conflicts.filter(
      ({ path }) => path[0] !== 'stages' && isSaid(merged, path) && !isSaid(own, path),
    );
    if (inherited.length === 0) return merged;
    for (const { path } of inherited) merged = without(merged, path);
  }
}
