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
  /** Of a household or a shop. */
  commands: 12,
  tokensPerObservation: 60,
};

/**
 * A typical episode: the prompt and the question, two searches (fewer where fewer are allowed) that bring `topK` passages each, and
 * 32 tokens of the policy in each turn; in a household or a shop 12 commands and short observations; all within the limits of the recipe.
 */
export function typicalEpisode(recipe: Pick<Recipe, 'environment' | 'retriever' | 'data'>): EpisodeSize {
  const { environment, retriever } = recipe;
  const assumed = episodeAssumptions;
  const template = environment.promptTemplate;
  const prompt =
    assumed.questionTokens +
    (template === undefined ? assumed.promptTokens : Math.ceil(template.length / assumed.charactersPerToken));
  const isPlayed = textWorldOf(recipe.data) !== undefined;
  const searches = isPlayed
    ? Math.min(environment.maxTurns ?? assumed.commands, assumed.commands) - 1
    : Math.min(environment.maxSearches, assumed.searches);
  const perTurn = Math.min(environment.maxTokensPerTurn, assumed.tokensPerTurn);
  const sampled = (searches + 1) * perTurn;
  const observed =
    searches *
    Math.min(
      environment.maxObservationTokens,
      isPlayed ? assumed.tokensPerObservation : retriever.topK * assumed.tokensPerPassage,
    );
  const total = Math.min(environment.maxTotalTokens, prompt + sampled + observed);
  return { sampled: Math.min(sampled, total), perTurn, total };
}
