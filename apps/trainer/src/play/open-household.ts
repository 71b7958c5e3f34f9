import { createHousehold, createHouseholdGames, householdMaxSteps } from '@dgpo/envs/household';
import { openTextWorld } from './open-text-world.js';
import type { OpenPlayableOptions, Playable } from './playable.js';

/** Ten games of each family in rooms that no training game has. */
export function openHousehold({ seed }: OpenPlayableOptions): Playable {
  const tasks = createHouseholdGames({ seed, perFamily: 10, split: 'valid_unseen' });
  return openTextWorld({ world: createHousehold(), tasks, maxTurns: householdMaxSteps });
}
