import { createHintPromptTemplate } from '@dgpo/distill/hints';
import { createTextEnvironment, type Environment, type PlainData, type TextWorld } from '@dgpo/envs';
import type { HouseholdSettings, WebshopSettings } from '../compute/environment-settings.js';

/** All that a small model is given to read: neither instructions nor a form, both of which it learns from episodes. */
const template = '{observation}\n';

type Limits = Pick<
  HouseholdSettings,
  'format' | 'maxTurns' | 'maxTokensPerTurn' | 'maxObservationTokens' | 'maxContextTokens'
>;

/** Rules of an episode with the short prompt of small models. */
export const shortPrompt = { format: 'react', promptTemplate: template } as const satisfies Partial<WebshopSettings>;

/** A world by these rules, with the hints of a task in its prompt; `limitScale` multiplies the limits of tokens. */
export function apprenticeEnvironment<State extends PlainData>(options: {
  world: TextWorld<State>;
  settings: Limits;
  limitScale: number;
}): Environment {
  const { limitScale, settings, world } = options;
  const { format = 'react', maxContextTokens, maxObservationTokens, maxTokensPerTurn, maxTurns } = settings;
  return createTextEnvironment({
    format,
    maxTurns,
    world,
    maxTokensPerTurn: limitScale * maxTokensPerTurn,
    maxObservationTokens: limitScale * maxObservationTokens,
    maxContextTokens: limitScale * maxContextTokens,
    promptTemplate: createHintPromptTemplate({ template }),
  });
}
