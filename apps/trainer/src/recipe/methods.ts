import { agentMethods } from './methods/agent-methods.js';
import { combinedMethods } from './methods/combined-methods.js';
import { distillationMethods } from './methods/distillation-methods.js';
import { hintMethods } from './methods/hint-methods.js';
import type { Method } from './methods/method.js';
import { reinforcementMethods } from './methods/reinforcement-methods.js';

/** Every way to train a search agent, by the name that a recipe gives as `method`. */
export const methods = {
  ...combinedMethods,
  ...distillationMethods,
  ...agentMethods,
  ...hintMethods,
  ...reinforcementMethods,
} satisfies Record<string, Method>;

export type MethodName = keyof typeof methods | 'pipeline';

/** `pipeline` lists its stages itself. */
export const methodNames = [...Object.keys(methods), 'pipeline'] as MethodName[];

/** The stages of a method; none for `pipeline`. */
export function findMethod(name: string): Method | undefined {
  return Object.hasOwn(methods, name) ? (methods as Record<string, Method>)[name] : undefined;
}
