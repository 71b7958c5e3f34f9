import { isAccessible, placeCommand } from './actions.js';
import { appliances, knives } from './domain.js';
import { countIn, fitsGoal, isReady, verbFor } from './goal.js';
import { indexGame } from './index-game.js';
import type { HouseholdState } from './types.js';

/** What the player has done when there is nothing left to try. */
const giveUp = 'look';

const nameOf = ({ game }: HouseholdState, receptacle: number) => game.receptacles[receptacle]?.name ?? '';
const isHere = ({ game, location }: HouseholdState, receptacle: number) =>
  game.receptacles[receptacle]?.location === location;
const indicesWhere = <Item>(items: readonly Item[], test: (item: Item, index: number) => boolean) =>
  [...items.keys()].filter((index) => test(items[index] as Item, index));

/** The next step towards a receptacle, or null when one stands there. */
function approach(state: HouseholdState, receptacle: number): string | null {
  return isHere(state, receptacle) ? null : `go to ${nameOf(state, receptacle)}`;
}

/** The next step towards reaching into a receptacle, or null when one can. */
function reachInto(state: HouseholdState, receptacle: number): string | null {
  return approach(state, receptacle) ?? (isAccessible(state, receptacle) ? null : `open ${nameOf(state, receptacle)}`);
}

/** The nearest of several receptacles: where one stands, then in the order of the room. */
function nearest(state: HouseholdState, receptacles: readonly number[]): number | undefined {
  return receptacles.find((receptacle) => isHere(state, receptacle)) ?? receptacles[0];
}

/** The next step of looking for an object of some types, among the receptacles not looked into yet that take it. */
function lookFor(state: HouseholdState, types: readonly string[]): string {
  const { game, seen } = state;
  const { accepts } = indexGame(game);
  const unseen = indicesWhere(game.receptacles, (_, receptacle) => seen[receptacle] !== true);
  // Lamps and whatever else nothing is declared to take lie in the open.
  const likely = unseen.filter((receptacle) => types.some((type) => accepts[receptacle]?.has(type)));
  const open = (receptacle: number) => isAccessible(state, receptacle);
  const candidates = [likely, unseen].flatMap((some) => [some.filter(open), some.filter((one) => !open(one))]);
  for (const some of candidates) {
    const next = nearest(state, some);
    if (next !== undefined) return reachInto(state, next) ?? `examine ${nameOf(state, next)}`;
  }
  return giveUp;
}

/** The receptacle in sight from which an object can be taken. */
function placeOf({ game, objects, seen }: HouseholdState, object: number, omniscient: boolean): number | undefined {
  if (game.objects[object]?.can.includes('pickup') !== true) return undefined;
  return objects[object]?.inside.find((receptacle) => omniscient || seen[receptacle]);
}

function fetchOne(
  state: HouseholdState,
  objects: readonly number[],
  types: readonly string[],
  omniscient: boolean,
): string {
  for (const object of objects) {
    const place = placeOf(state, object, omniscient);
    if (place === undefined) continue;
    return reachInto(state, place) ?? `take ${state.game.objects[object]?.name} from ${nameOf(state, place)}`;
  }
  return lookFor(state, types);
}

/** The next step of getting rid of what is in hand. */
function putDown(state: HouseholdState, object: number): string {
  const { name, type } = state.game.objects[object] ?? { name: '', type: '' };
  const { accepts } = indexGame(state.game);
  const takers = indicesWhere(state.game.receptacles, (_, receptacle) => accepts[receptacle]?.has(type) === true);
  const open = takers.filter((receptacle) => isAccessible(state, receptacle));
  const place = open.find((receptacle) => isHere(state, receptacle)) ?? nearest(state, takers);
  if (place === undefined) return giveUp;
  return reachInto(state, place) ?? placeCommand(state, name, nameOf(state, place));
}

function lightLamp(state: HouseholdState, omniscient: boolean): string {
  const { game, objects, seen } = state;
  const { lamp } = game.goal;
  for (const [object, { inside }] of objects.entries()) {
    const known = game.objects[object];
    if (known?.type !== lamp || !known.can.includes('toggle')) continue;
    const place = nearest(
      state,
      inside.filter((receptacle) => omniscient || seen[receptacle]),
    );
    if (place !== undefined) return approach(state, place) ?? `use ${known.name}`;
  }
  return lookFor(state, lamp === null ? [] : [lamp]);
}

/** The next step of slicing an object that is known to lie at a location. */
function sliceOne(state: HouseholdState, object: number, omniscient: boolean): string {
  const { game, holding, location, objects } = state;
  const held = holding === null ? undefined : game.objects[holding];
  const at = objects[object]?.at ?? [];
  if (!held) {
    // What can be sliced nowhere has to be picked up and put down first.
    if (at.length === 0) return fetchOne(state, [object], [], omniscient);
    const knifeIndices = indicesWhere(game.objects, ({ type }) => knives.has(type));
    return fetchOne(state, knifeIndices, [...knives], omniscient);
  }
  if (!knives.has(held.type) || at.length === 0) return putDown(state, holding ?? 0);
  if (at.includes(location)) return `slice ${game.objects[object]?.name} with ${held.name}`;
  const place = game.receptacles.find((receptacle) => at.includes(receptacle.location));
  return place ? `go to ${place.name}` : giveUp;
}

/** The receptacle that the goal is completed in: the one that has most of it already, the first of the room among equals. */
function targetOf(state: HouseholdState): number | undefined {
  const { game } = state;
  const targets = indicesWhere(game.receptacles, ({ type }) => type === game.goal.receptacle);
  return targets.reduce<number | undefined>((best, receptacle) => {
    return best === undefined || countIn(state, receptacle) > countIn(state, best) ? receptacle : best;
  }, undefined);
}

function finish(state: HouseholdState, object: number, target: number): string {
  const { game } = state;
  const { condition } = game.goal;
  const name = game.objects[object]?.name ?? '';
  if (condition !== null && state.objects[object]?.is.includes(condition) !== true) {
    const verb = verbFor[condition];
    const appliance = nearest(
      state,
      indicesWhere(game.receptacles, ({ type }) => type === appliances[verb]),
    );
    if (appliance === undefined) return giveUp;
    return approach(state, appliance) ?? `${verb} ${name} with ${nameOf(state, appliance)}`;
  }
  return reachInto(state, target) ?? placeCommand(state, name, nameOf(state, target));
}

/**
 * The next command of a player who reaches the goal. With `omniscient` it knows where everything is; without, it knows what has been
 * shown (`state.seen`) and looks for the rest: first in the open, then behind doors, first where such things may lie.
 */
export function expertCommand(state: HouseholdState, { omniscient }: { omniscient: boolean }): string {
  const { game, holding, objects, seen } = state;
  const { goal } = game;
  const target = goal.lamp === null ? targetOf(state) : undefined;
  const isDone = (object: number) =>
    target !== undefined && objects[object]?.inside.includes(target) === true && isReady(state, object);
  const wanted = indicesWhere(game.objects, (object, index) => fitsGoal(game, object) && !isDone(index));

  if (holding !== null && wanted.includes(holding)) {
    if (goal.lamp !== null) return lightLamp(state, omniscient);
    if (target === undefined) return giveUp;
    const unsliced = goal.sliced && objects[holding]?.is.includes('sliced') !== true;
    return unsliced ? putDown(state, holding) : finish(state, holding, target);
  }
  if (goal.sliced) {
    const known = wanted.filter((object) => {
      return objects[object]?.inside.some((receptacle) => omniscient || seen[receptacle]) === true;
    });
    const sliced = known.some((object) => objects[object]?.is.includes('sliced'));
    const next = known[0];
    if (next !== undefined && !sliced) return sliceOne(state, next, omniscient);
  }
  if (holding !== null) return putDown(state, holding);
  const readyFirst = goal.sliced
    ? wanted.filter((object) => objects[object]?.is.includes('sliced'))
    : [...wanted].sort((left, right) => Number(isReady(state, right)) - Number(isReady(state, left)));
  return fetchOne(state, readyFirst, [goal.object], omniscient);
}
