import type { HouseholdGame } from '@dgpo/envs/household';
import type { Random, Task } from '@dgpo/trajectory';

/** Places of a small room. */
const leastPlaces = 5;
const mostPlaces = 7;
/** Of the objects that a game is not about, so many stay in each place. */
const mostObjects = 2;

const applianceFor = { clean: 'sinkbasin', hot: 'microwave', cool: 'fridge' } as const;

const inOrder = <Item>(items: readonly Item[], kept: ReadonlySet<Item>) => items.filter((item) => kept.has(item));

/** A game of the household in a smaller room: what the goal needs stays, and a few other places and objects with it. */
function smallGame(game: HouseholdGame, random: Random): HouseholdGame {
  const { goal, objects, receptacles } = game;
  const { condition, count, lamp, object, receptacle } = goal;
  const some = <Item>(items: readonly Item[], most: number) => random.shuffle(items).slice(0, most);
  const wanted = some(
    objects.filter(({ type }) => type === object),
    count,
  );
  const lamps = some(
    objects.filter(({ type }) => type === lamp),
    1,
  );
  const needed = new Set([...wanted, ...lamps]);
  const placeOf = (name: string | undefined) => receptacles.find((place) => place.name === name);
  const ofType = (type: string | null) =>
    some(
      receptacles.filter((place) => place.type === type),
      1,
    );
  const places = new Set([
    ...[...needed].flatMap(({ inside }) => placeOf(inside[0]) ?? []),
    ...ofType(receptacle),
    ...(condition === null ? [] : ofType(applianceFor[condition])),
  ]);
  const size = leastPlaces + random.integer(mostPlaces - leastPlaces + 1);
  for (const place of random.shuffle(receptacles)) {
    // A spot of its own for each: what is used from one spot takes commands that a small player need not know.
    const isNear = [...places].some(({ location }) => location === place.location);
    if (places.size < size && !isNear) places.add(place);
  }
  const kept = new Set(needed);
  for (const { name } of places) {
    const others = objects.filter(
      ({ contents, inside, type }) => inside[0] === name && contents.length === 0 && type !== object && type !== lamp,
    );
    for (const other of some(others, random.integer(mostObjects + 1))) kept.add(other);
  }
  return { ...game, receptacles: inOrder(receptacles, places), objects: inOrder(objects, kept) };
}

/** The task with its room made small; what it asks for stays the same, and so does its room's name. */
export function smallHouseholdTask(task: Task, random: Random): Task {
  // Tasks of `createHouseholdGames` carry their game here.
  const game = task.metadata?.household as HouseholdGame;
  return { ...task, metadata: { ...task.metadata, household: smallGame(game, random) } };
}
