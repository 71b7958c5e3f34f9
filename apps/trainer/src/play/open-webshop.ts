import type { TextWorld } from '@dgpo/envs';
import { createCatalogue, createGoals, createWebshop, type WebshopState, webshopMaxSteps } from '@dgpo/envs/webshop';
import { openTextWorld } from './open-text-world.js';
import { notUnderstood, type OpenPlayableOptions, type Playable } from './playable.js';

/** The shop as a person plays it: a page that stays is not shown again, and of all searches none is listed as the only one. */
function forPeople(shop: TextWorld<WebshopState>): TextWorld<WebshopState> {
  return {
    ...shop,
    step: (state, command) => {
      const step = shop.step(state, command);
      return step.executed ? step : { ...step, observation: notUnderstood };
    },
    admissibleCommands: (state) => [
      ...shop.admissibleCommands(state).filter((command) => !command.startsWith('search[')),
      'search[…]',
    ],
  };
}

/** A shop of 1,000 invented products. */
export function openWebshop({ seed }: OpenPlayableOptions): Playable {
  const catalogue = createCatalogue({ products: 1000, seed });
  return openTextWorld({
    world: forPeople(createWebshop({ catalogue, observationMode: 'text_rich' })),
    tasks: createGoals({ catalogue, seed }),
    maxTurns: webshopMaxSteps,
  });
}
