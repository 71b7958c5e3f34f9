import { createCatalogue, createGoals, createWebshop, webshopMaxSteps } from '@dgpo/envs/webshop';
import { openTextWorld } from './open-text-world.js';
import type { OpenPlayableOptions, Playable } from './playable.js';

/** A shop of 1,000 invented products. */
export function openWebshop({ seed }: OpenPlayableOptions): Playable {
  const catalogue = createCatalogue({ products: 1000, seed });
  return openTextWorld({
    world: createWebshop({ catalogue, observationMode: 'text_rich' }),
    tasks: createGoals({ catalogue, seed }),
    maxTurns: webshopMaxSteps,
  });
}
