import { ConfigError } from '@dgpo/trajectory';
import { nearestName } from '../recipe/nearest-name.js';
import { openCode } from './open-code.js';
import { openHousehold } from './open-household.js';
import { openSearch } from './open-search.js';
import { openWebshop } from './open-webshop.js';
import type { OpenPlayableOptions, Playable } from './playable.js';

/** What there is to play. */
const openers: Readonly<Record<string, (options: OpenPlayableOptions) => Playable | Promise<Playable>>> = {
  search: openSearch,
  household: openHousehold,
  webshop: openWebshop,
  code: openCode,
};

/** Names for `dgpo play`. */
export const playableNames: readonly string[] = Object.keys(openers);

/** @throws {ConfigError} with the nearest name when there is no such environment */
export async function openPlayable(name: string, options: OpenPlayableOptions): Promise<Playable> {
  const open = Object.hasOwn(openers, name) ? openers[name] : undefined;
  if (open !== undefined) return open(options);
  const nearest = nearestName(name, playableNames);
  const hint = nearest === undefined ? `there are ${playableNames.join(', ')}` : `did you mean "${nearest}"?`;
  throw new ConfigError(`there is no environment ${JSON.stringify(name)} to play; ${hint}`);
}
