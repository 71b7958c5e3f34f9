import type { MethodConflict, RawRecipe } from './expand-method.js';
import { isSaid, isTree } from './key-trees.js';
import type { Recipe } from './recipe-schema.js';

const worldNames = ['household', 'webshop'] as const;

/** A world that is played by commands, not by searching. */
export type TextWorldName = (typeof worldNames)[number];

/** The world of commands that a recipe is about; undefined for questions to a search engine. */
export const textWorldOf = ({ world }: { world?: unknown }): TextWorldName | undefined =>
  worldNames.find((name) => name === world);

/** Keys that only a search reads. */
const searchKeys = [
  'data.inventedCountries',
  'data.evalQuestions',
  'environment.maxSearches',
  'pretrain.readingExercises',
  ...['kind', 'topK', 'url', 'path', 'k1', 'b'].map((key) => `retriever.${key}`),
];

/** Keys that a recipe gives and that its world does not read. */
export function worldConflicts(raw: RawRecipe): MethodConflict[] {
  const world = textWorldOf(isTree(raw.data) ? raw.data : {});
  const others = worldNames.filter((name) => name !== world).map((name) => ({ key: `data.${name}`, needs: name }));
  const rules = [
    ...others.map(({ key, needs }) => ({ key, reason: `has no effect without data.world: ${needs}` })),
    ...(world === undefined
      ? [{ key: 'environment.maxTurns', reason: 'has no effect on a search; it belongs to a household or a shop' }]
      : searchKeys.map((key) => ({
          key,
          reason: `has no effect with data.world: ${world}, where nothing is searched`,
        }))),
    ...(isSaid(raw, ['data', 'webshop', 'catalogue'])
      ? [{ key: 'data.webshop.products', reason: 'has no effect beside data.webshop.catalogue, which has its own' }]
      : []),
  ];
  return rules
    .map(({ key, reason }) => ({ path: key.split('.'), message: reason }))
    .filter(({ path }) => isSaid(raw, path));
}

/** What the texts of a recipe lack for its world. */
export function promptProblems({ data, environment }: Pick<Recipe, 'data' | 'environment'>): MethodConflict[] {
  const needed = textWorldOf(data) === undefined ? '{question}' : '{observation}';
  const { promptTemplate } = environment;
  return promptTemplate === undefined || promptTemplate.includes(needed)
    ? []
    : [{ path: ['environment', 'promptTemplate'], message: `must contain ${needed}` }];
}
