import { environmentKinds } from './data-sections.js';
import { type EnvironmentKind, environmentKindOf } from './environment-kind.js';
import type { MethodConflict, RawRecipe } from './expand-method.js';
import { isSaid, isTree } from './key-trees.js';
import type { Recipe } from './recipe-schema.js';

const worldNames = ['household', 'webshop'] as const;

/** A world that is played by commands, not by searching. */
export type TextWorldName = (typeof worldNames)[number];

/** The world of commands that a recipe is about; undefined for questions to a search engine. */
export const textWorldOf = ({ world }: { world?: unknown }): TextWorldName | undefined =>
  worldNames.find((name) => name === world);

const retrieverKeys = ['kind', 'topK', 'url', 'path', 'k1', 'b'].map((key) => `retriever.${key}`);

interface Rule {
  key: string;
  reason: string;
}

const rules = (keys: readonly string[], reason: string): Rule[] => keys.map((key) => ({ key, reason }));

const isKind = (value: unknown): value is EnvironmentKind => environmentKinds.some((kind) => kind === value);

/** What a world of commands does not read. */
const textWorldRules = (world: TextWorldName): Rule[] => [
  ...rules(
    ['data.inventedCountries', 'data.evalQuestions', 'environment.maxSearches', ...retrieverKeys],
    `has no effect with data.world: ${world}, where nothing is searched`,
  ),
  ...rules(['pretrain.readingExercises'], `has no effect with data.world: ${world}, where nothing is searched`),
  ...rules(['environment.kind'], `has no effect with data.world: ${world}, which is played by commands`),
];

const unread: Record<EnvironmentKind, readonly string[]> = {
  search: ['environment.maxTurns'],
  code: ['environment.maxSearches', 'environment.format'],
  'chain-of-thought': [
    ...['maxSearches', 'maxTurns', 'format', 'maxObservationTokens'].map((key) => `environment.${key}`),
    ...retrieverKeys,
  ],
};

/** What questions that are answered in one way do not read, and which world cannot be answered so. */
function questionRules(world: unknown, kind: EnvironmentKind): Rule[] {
  const whyNot =
    kind === 'search' ? 'on a search; it belongs to code, a household or a shop' : `with environment.kind: ${kind}`;
  const misfits =
    world === 'arithmetic' && kind === 'search'
      ? rules(['environment.kind'], `cannot be ${kind} with data.world: ${world}`)
      : [];
  const own =
    world === 'arithmetic'
      ? rules(['data.evalQuestions'], 'has no effect with data.world: arithmetic, which has its own')
      : [];
  return [...rules(unread[kind], `has no effect ${whyNot}`), ...misfits, ...own];
}

/**
 * Keys that a recipe gives and that its world, or its way to answer, does not read.
 *
 * @param expanded the recipe with the values of its method
 */
export function worldConflicts(raw: RawRecipe, expanded: RawRecipe): MethodConflict[] {
  const data = isTree(raw.data) ? raw.data : {};
  const world = textWorldOf(data);
  const environment = isTree(expanded.environment) ? expanded.environment : {};
  const kind = isKind(environment.kind) ? environment.kind : undefined;
  const sections = ['arithmetic', ...worldNames].filter((name) => name !== data.world);
  const found = [
    ...sections.map((name) => ({ key: `data.${name}`, reason: `has no effect without data.world: ${name}` })),
    ...(world === undefined
      ? questionRules(data.world, environmentKindOf({ data, environment: { kind } }))
      : textWorldRules(world)),
    ...(isSaid(raw, ['data', 'webshop', 'catalogue'])
      ? [{ key: 'data.webshop.products', reason: 'has no effect beside data.webshop.catalogue, which has its own' }]
      : []),
  ];
  return found
    .map(({ key, reason }) => ({ path: key.split('.'), message: reason }))
    .filter(({ path }) => isSaid(raw, path));
}

/** What a recipe asks of demonstrations and its episodes do not have. */
export function prefixProblems(recipe: Pick<Recipe, 'data' | 'environment' | 'stages'>) {
  const hasThoughts = textWorldOf(recipe.data) === undefined && environmentKindOf(recipe) === 'code';
  return recipe.stages.flatMap(({ distill }, index) =>
    distill?.firstThoughtPrefix !== true || hasThoughts
      ? []
      : [{ path: ['stages', index, 'distill', 'firstThoughtPrefix'], message: 'needs environment.kind: code' }],
  );
}

/** What the texts of a recipe lack for its world. */
export function promptProblems({ data, environment }: Pick<Recipe, 'data' | 'environment'>): MethodConflict[] {
  const needed = textWorldOf(data) === undefined ? '{question}' : '{observation}';
  const { promptTemplate } = environment;
  return promptTemplate === undefined || promptTemplate.includes(needed)
    ? []
    : [{ path: ['environment', 'promptTemplate'], message: `must contain ${needed}` }];
}
