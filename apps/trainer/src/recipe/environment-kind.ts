import type { environmentKinds } from './data-sections.js';

export type EnvironmentKind = (typeof environmentKinds)[number];

/** How the questions of a recipe are answered. */
export function environmentKindOf(recipe: {
  data: { world?: unknown };
  environment: { kind?: EnvironmentKind | undefined };
}): EnvironmentKind {
  return recipe.environment.kind ?? (recipe.data.world === 'arithmetic' ? 'code' : 'search');
}
