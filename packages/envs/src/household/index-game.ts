import type { HouseholdGame } from './types.js';

/** What is looked up in a game again and again. */
export interface GameIndex {
  /** Indices of the receptacles at a location. */
  receptaclesAt: ReadonlyMap<string, readonly number[]>;
  /** Per receptacle: the types of objects that it takes. */
  accepts: readonly ReadonlySet<string>[];
  /** The command of going to each receptacle. */
  ways: readonly (readonly [string, { kind: 'go'; receptacle: number }])[];
}

const indices = new WeakMap<HouseholdGame, GameIndex>();

/** The index of a game; made once for as long as the game is held. */
export function indexGame(game: HouseholdGame): GameIndex {
  const known = indices.get(game);
  if (known) return known;
  const receptaclesAt = new Map<string, number[]>();
  game.receptacles.forEach(({ location }, receptacle) => {
    receptaclesAt.set(location, [...(receptaclesAt.get(location) ?? []), receptacle]);
  });
  const index: GameIndex = {
    receptaclesAt,
    ways: game.receptacles.map(({ name }, receptacle) => [`go to ${name}`, { kind: 'go', receptacle }]),
    accepts: game.receptacles.map(
      ({ type }) => new Set(Object.hasOwn(game.canContain, type) ? game.canContain[type] : []),
    ),
  };
  indices.set(game, index);
  return index;
}
