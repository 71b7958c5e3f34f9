import type { MethodConflict, RawRecipe } from './expand-method.js';
import { type HintSettings, hintsSchema, usesServer } from './hints-section.js';
import { isTree } from './key-trees.js';
import type { Recipe } from './recipe-schema.js';
import { textWorldOf } from './world-effects.js';

/** Whose episodes the stages of a recipe learn from. */
function demonstratorsOf({ stages }: RawRecipe): Set<unknown> {
  const list: unknown[] = Array.isArray(stages) ? stages : [];
  return new Set(list.flatMap((stage) => (isTree(stage) && isTree(stage.distill) ? [stage.distill.demonstrator] : [])));
}

/** Why a key changes nothing; undefined where it does. */
function reasonFor(key: string, hints: HintSettings, demonstrators: ReadonlySet<unknown>): string | undefined {
  if (!demonstrators.has('hinted') && !(key === 'filter' && demonstrators.has('self'))) {
    return `has no effect without a stage with demonstrator: hinted${key === 'filter' ? ' or self' : ''}`;
  }
  if (['url', 'name', 'apiKeyVariable'].includes(key) && !usesServer(hints)) {
    return 'has no effect without writer: server or retrieval: server';
  }
  if (key === 'repeats' && hints.writer !== 'rules') return `has no effect with writer: ${hints.writer}`;
  if (key === 'pad' && hints.retrieval === 'first') return 'has no effect with retrieval: first, which fills up anyway';
  return undefined;
}

/**
 * Keys of the section `hints` that change nothing, and stages that could do nothing with hints.
 *
 * @param raw the recipe as it is written
 * @param expanded the same with the stages of its method
 */
export function hintConflictsOf(raw: RawRecipe, expanded: RawRecipe): MethodConflict[] {
  const said = raw.hints;
  const parsed = hintsSchema.safeParse(said ?? {});
  // What is not valid is the schema's to explain.
  if (!isTree(said) || !parsed.success) return [];
  const demonstrators = demonstratorsOf(expanded);
  return Object.keys(said).flatMap((key) => {
    const message = said[key] === undefined ? undefined : reasonFor(key, parsed.data, demonstrators);
    return message === undefined ? [] : [{ path: ['hints', key], message }];
  });
}

/** Stages that could do nothing with hints where the recipe plays. */
export function hintProblems({ data, stages }: Pick<Recipe, 'data' | 'stages'>): MethodConflict[] {
  if (textWorldOf(data) !== undefined) return [];
  return stages.flatMap(({ distill }, index) =>
    distill?.demonstrator === 'hinted'
      ? [
          {
            path: ['stages', String(index), 'distill', 'demonstrator'],
            message: 'hinted needs data.world: household or webshop; failed searches give no hints',
          },
        ]
      : [],
  );
}
