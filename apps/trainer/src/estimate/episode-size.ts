import { chainOfThoughtSettings, environmentOf } from '../pipeline/environment-of.js';
import { environmentKindOf } from '../recipe/environment-kind.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { textWorldOf } from '../recipe/world-effects.js';

/** Tokens of an episode. */
export interface EpisodeSize {
  /** What the policy writes. */
  sampled: number;
  /** What it writes in one turn. */
  perTurn: number;
  /** All of it: prompt, policy and passages. */
  total: number;
}

/** What {@link typicalEpisode} assumes. */
export const episodeAssumptions = {
  /** Characters of a prompt template per token. */
  charactersPerToken: 3,
  /** Of the environment's own prompt. */
  promptTokens: 190,
  questionTokens: 30,
  searches: 2,
  tokensPerTurn: 32,
  tokensPerPassage: 160,
  /** Of an agent with code. */
  steps: 3,
  tokensPerStep: 64,
  tokensPerChainOfThought: 256,
  /** Of a household or a shop. */
  commands: 12,
  tokensPerObservation: 60,
};

const promptTokens = (template: string | undefined) =>
  episodeAssumptions.questionTokens +
  (template === undefined
    ? episodeAssumptions.promptTokens
    : Math.ceil(template.length / episodeAssumptions.charactersPerToken));

/** Turns of an episode, the tokens that the policy writes in one, and what it reads after each but the last. */
function typicalTurns(recipe: Recipe): { turns: number; tokensPerTurn: number; tokensPerObservation: number } {
  const { environment, retriever, data } = recipe;
  const { commands, searches, steps, tokensPerTurn, tokensPerObservation, tokensPerPassage } = episodeAssumptions;
  const { tokensPerStep, tokensPerChainOfThought } = episodeAssumptions;
  if (textWorldOf(data) !== undefined) {
    return { turns: Math.min(environment.maxTurns ?? commands, commands), tokensPerTurn, tokensPerObservation };
  }
  const passages = retriever.topK * tokensPerPassage;
  switch (environmentKindOf(recipe)) {
    case 'chain-of-thought':
      return { turns: 1, tokensPerTurn: tokensPerChainOfThought, tokensPerObservation: 0 };
    case 'code': {
      const turns = Math.min(environment.maxTurns ?? steps, steps);
      return { turns, tokensPerTurn: tokensPerStep, tokensPerObservation: passages };
    }
    case 'search':
      return { turns: Math.min(environment.maxSearches, searches) + 1, tokensPerTurn, tokensPerObservation: passages };
  }
}

/**
 * A typical episode: the prompt and the question, two searches (fewer where fewer are allowed) that bring `topK` passages each, and
 * 32 tokens of the policy in each turn; in a household or a shop 12 commands and short observations; of an agent with code 3 turns of
 * 64 tokens, which bring `topK` passages; of a chain of thought one turn of 256 tokens; all within the limits of the recipe.
 */
export function typicalEpisode(recipe: Recipe): EpisodeSize {
  const { environment } = recipe;
  const { turns, tokensPerTurn, tokensPerObservation } = typicalTurns(recipe);
  const template =
    environmentKindOf(recipe) === 'search' ? environment.promptTemplate : environmentOf(recipe).promptTemplate;
  const perTurn = Math.min(environment.maxTokensPerTurn, tokensPerTurn);
  const sampled = turns * perTurn;
  const observed = (turns - 1) * Math.min(environment.maxObservationTokens, tokensPerObservation);
  const total = Math.min(environment.maxTotalTokens, promptTokens(template) + sampled + observed);
  return { sampled: Math.min(sampled, total), perTurn, total };
}

/** The chain of thought of which the first step begins a thought: one turn of 256 tokens, or of `maxThoughtTokens`. */
export function typicalThought(recipe: Recipe, { maxThoughtTokens }: { maxThoughtTokens: number }): EpisodeSize {
  const { promptTemplate } = chainOfThoughtSettings(recipe, {});
  const perTurn = Math.min(maxThoughtTokens, episodeAssumptions.tokensPerChainOfThought);
  const total = Math.min(recipe.environment.maxTotalTokens, promptTokens(promptTemplate) + perTurn);
  return { sampled: Math.min(perTurn, total), perTurn, total };
}
