import type { HouseholdGame, HouseholdState } from './types.js';

/** The state in which a game begins. */
export function startGame(game: HouseholdGame): HouseholdState {
  const indices = new Map(game.receptacles.map(({ name }, index) => [name, index]));
  return {
    game,
    location: game.start,
    holding: null,
    opened: game.receptacles.map(({ opened }) => opened),
    seen: game.receptacles.map(() => false),
    objects: game.objects.map(({ at, inside, is }) => ({
      is,
      inside: inside.flatMap((name) => indices.get(name) ?? []),
      takenFrom: [],
      at,
    })),
  };
}
