import type { Recipe } from '../recipe/recipe-schema.js';

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
};

/**
 * A typical episode: the prompt and the question, two searches (fewer where fewer are allowed) that bring `topK` passages each, and
 * 32 tokens of the policy in each turn, all within the limits of the recipe.
 */
export function typicalEpisode({ environment, retriever }: Pick<Recipe, 'environment' | 'retriever'>): EpisodeSize {
  const assumed = episodeAssumptions;
  const template = environment.promptTemplate;
  const prompt =
    assumed.questionTokens +
    (template === undefined ? assumed.promptTokens : Math.ceil(template.length / assumed.charactersPerToken));
  const searches = Math.min(environment.maxSearches, assumed.searches);
  const perTurn = Math.min(environment.maxTokensPerTurn, assumed.tokensPerTurn);
  const sampled = (searches + 1) * perTurn;
  const observed = searches * Math.min(environment.maxObservationTokens, retriever.topK * assumed.tokensPerPassage);
  const total = Math.min(environment.maxTotalTokens, prompt + sampled + observed);
  return { sampled: Math.min(sampled, total), perTurn, total };
}
