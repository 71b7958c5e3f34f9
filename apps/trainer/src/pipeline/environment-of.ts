import { arithmeticEnvironment, chainOfThoughtPrompt } from '../arithmetic/index.js';
import type { ChainOfThoughtSettings, CodeSettings, EnvironmentSettings } from '../compute/environment-settings.js';
import { atlasEnvironment } from '../demo/demo-settings.js';
import { environmentKindOf } from '../recipe/environment-kind.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { textWorldOf } from '../recipe/world-effects.js';
import { textWorldSettings } from './text-world-stage.js';

/** Turns that agent distillation gives an agent with code. */
const codeMaxTurns = 5;

function codeSettings({ data, environment, retriever }: Recipe): CodeSettings {
  const { maxTurns, maxTokensPerTurn, maxObservationTokens, maxTotalTokens, promptTemplate } = environment;
  const demo = data.world === 'arithmetic' ? arithmeticEnvironment : { maxSteps: codeMaxTurns };
  return {
    ...demo,
    kind: 'code',
    maxSteps: maxTurns ?? demo.maxSteps,
    topK: retriever.topK,
    maxTokensPerTurn,
    maxObservationTokens,
    maxContextTokens: maxTotalTokens,
    ...(promptTemplate === undefined ? {} : { promptTemplate }),
  };
}

/**
 * The rules of a question that is answered from memory.
 * @param own of the chain of thought, where the recipe's are those of another environment
 */
export function chainOfThoughtSettings(
  { data, environment }: Pick<Recipe, 'data' | 'environment'>,
  own: { promptTemplate?: string | undefined; maxTokensPerTurn?: number } = environment,
): ChainOfThoughtSettings {
  const { worldSeed: seed, inventedCountries, world } = data;
  const isArithmetic = world === 'arithmetic';
  const promptTemplate = own.promptTemplate ?? (isArithmetic ? chainOfThoughtPrompt : undefined);
  return {
    kind: 'chain-of-thought',
    maxTokensPerTurn: own.maxTokensPerTurn ?? environment.maxTokensPerTurn,
    maxContextTokens: environment.maxTotalTokens,
    ...(promptTemplate === undefined ? {} : { promptTemplate }),
    ...(isArithmetic ? { world: { seed, inventedCountries } } : {}),
  };
}

/** The rules of an episode from a recipe; the demo world brings its own short texts. */
export function environmentOf(recipe: Recipe): EnvironmentSettings {
  const world = textWorldOf(recipe.data);
  if (world !== undefined) return textWorldSettings(recipe, world);
  const kind = environmentKindOf(recipe);
  if (kind === 'code') return codeSettings(recipe);
  if (kind === 'chain-of-thought') return chainOfThoughtSettings(recipe);
  const { format, maxSearches, maxTokensPerTurn, maxObservationTokens, maxTotalTokens, promptTemplate } =
    recipe.environment;
  return {
    ...(recipe.data.world === 'atlas' ? atlasEnvironment : {}),
    ...(format === undefined ? {} : { format }),
    topK: recipe.retriever.topK,
    maxSearches,
    maxTokensPerTurn,
    maxObservationTokens,
    maxContextTokens: maxTotalTokens,
    ...(promptTemplate === undefined ? {} : { promptTemplate }),
  };
}
