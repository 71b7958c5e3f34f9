import { ConfigError, type Task, type Trajectory } from '@dgpo/trajectory';

/** The worlds that hints are about, by the names of their environments. */
export type HintDomain = 'household' | 'webshop';

/** What stands in a hint for names, numbers and values. */
export const hintPlaceholders: Readonly<Record<HintDomain, readonly string[]>> = {
  household: ['object', 'container', 'location'],
  webshop: ['item', 'size', 'color', 'attribute', 'material'],
};

/** What a task is called in the published runs. */
const referenceCategories: Readonly<Record<string, string>> = {
  pick_and_place_simple: 'put',
  look_at_obj_in_light: 'examine',
  pick_clean_then_place_in_recep: 'clean',
  pick_heat_then_place_in_recep: 'heat',
  pick_cool_then_place_in_recep: 'cool',
  pick_two_obj_and_place: 'puttwo',
  grocery: 'food',
  garden: 'furniture',
};

/** What an object of unknown shape has under a key. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/**
 * The task family of a household or the category of a product, as `metadata.type` of the task says; null when it says nothing.
 * `compat: 'reference'` gives the names of the published runs (`clean`, `puttwo`, `food`).
 */
export function hintCategory(task: Task, options: { compat?: 'reference' } = {}): string | null {
  const type = task.metadata?.type;
  if (typeof type !== 'string' || type === '') return null;
  if (options.compat !== 'reference') return type;
  return Object.hasOwn(referenceCategories, type) ? (referenceCategories[type] ?? type) : type;
}

/** @throws ConfigError for an episode of another environment */
export function hintDomain({ environment, id }: Pick<Trajectory, 'environment' | 'id'>): HintDomain {
  if (environment === 'household' || environment === 'webshop') return environment;
  throw new ConfigError(`hints are about household and webshop, not ${environment}; name the domain`, {
    where: `trajectory ${id}`,
  });
}
