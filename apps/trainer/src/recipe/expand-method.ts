import { isTree } from './key-trees.js';
import type { KeyTree, Method, SectionRules } from './methods/method.js';
import { findMethod } from './methods.js';

/** A recipe before it is validated. */
export type RawRecipe = Record<string, unknown>;

/** Something that a recipe says and its method does not allow. */
export interface MethodConflict {
  path: string[];
  message: string;
}

/** `over` on `under`, section by section; lists and values are replaced. */
export function mergeTrees(under: RawRecipe, over: RawRecipe): RawRecipe {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? mergeTrees(below, value) : value;
  }
  return merged;
}

/** Values of a recipe where the method has another one. */
function conflictsWith(fixed: KeyTree, own: RawRecipe, path: string[], method: string): MethodConflict[] {
  return Object.entries(fixed).flatMap(([key, value]): MethodConflict[] => {
    const said = own[key];
    if (said === undefined) return [];
    const place = [...path, key];
    if (typeof value === 'object') return isTree(said) ? conflictsWith(value, said, place, method) : [];
    return said === value
      ? []
      : [
          {
            path: place,
            message: `is ${value} with method: ${method}; leave it out, choose another method, or list the stages with method: pipeline`,
          },
        ];
  });
}

function expandSection(rules: SectionRules, own: RawRecipe): RawRecipe {
  return mergeTrees(mergeTrees(rules.defaults ?? {}, own), rules.fixed);
}

function expandStages(
  method: Method,
  name: string,
  raw: RawRecipe,
): { stages: RawRecipe[]; conflicts: MethodConflict[] } {
  const conflicts: MethodConflict[] = [];
  const stages = method.stages.map((stage) => {
    const expanded: RawRecipe = { name: stage.name, ...(stage.baseline ? { baseline: true } : {}) };
    for (const phase of ['distill', 'rl'] as const) {
      const rules = stage[phase];
      if (rules === undefined) continue;
      const own = raw[phase] ?? {};
      // What is not a section is left as it is, for the schema to say so.
      expanded[phase] = isTree(own) ? expandSection(rules, own) : own;
      if (isTree(own)) conflicts.push(...conflictsWith(rules.fixed, own, [phase], name));
    }
    return expanded;
  });
  if (raw.stages !== undefined) {
    conflicts.push({
      path: ['stages'],
      message: `has no effect with method: ${name}; list stages with method: pipeline`,
    });
  }
  return { stages, conflicts };
}

/**
 * Replaces the sections `distill` and `rl` of a recipe by the list of stages that its method stands for, each with the method's own
 * values in it; a section of which the method has no stage is not read, so that changing the name of the method is enough. Recipes
 * with `method: pipeline` list theirs already; unknown methods are left for the schema to refuse.
 */
export function expandMethod(raw: RawRecipe): { recipe: RawRecipe; conflicts: MethodConflict[] } {
  const name = raw.method === undefined ? 'dgpo' : String(raw.method);
  const method = findMethod(name);
  const { distill: _, rl: __, ...others } = raw;
  if (method === undefined) return { recipe: others, conflicts: [] };
  const { stages, conflicts } = expandStages(method, name, raw);
  const { environment: rules } = method;
  const own = raw.environment ?? {};
  if (rules === undefined || !isTree(own)) return { recipe: { ...others, stages }, conflicts };
  return {
    recipe: { ...others, environment: expandSection(rules, own), stages },
    conflicts: [...conflicts, ...conflictsWith(rules.fixed, own, ['environment'], name)],
  };
}
