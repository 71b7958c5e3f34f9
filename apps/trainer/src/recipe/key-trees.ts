/** Keys and their values, some of which are trees again: a recipe, or a section of one, before it is validated. */
type Tree = Record<string, unknown>;

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a tree gives the key at a path. */
export function isSaid(tree: Tree, [name = '', ...rest]: readonly string[]): boolean {
  const value = tree[name];
  if (value === undefined) return false;
  return rest.length === 0 || (isTree(value) && isSaid(value, rest));
}
