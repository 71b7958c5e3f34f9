import { indexGame } from './index-game.js';
import type { HouseholdFamily, HouseholdGoal, HouseholdObject, HouseholdState } from './types.js';

const familyByCondition = {
  clean: 'pick_clean_then_place_in_recep',
  hot: 'pick_heat_then_place_in_recep',
  cool: 'pick_cool_then_place_in_recep',
} as const;

/** The verb that brings about a condition. */
export const verbFor = { clean: 'clean', hot: 'heat', cool: 'cool' } as const;

export function familyOf({ condition, count, lamp }: HouseholdGoal): HouseholdFamily {
  if (lamp !== null) return 'look_at_obj_in_light';
  if (condition !== null) return familyByCondition[condition];
  return count === 2 ? 'pick_two_obj_and_place' : 'pick_and_place_simple';
}

/** Whether an object could be the one, or one of the two, of the goal. */
export function fitsGoal({ goal }: { goal: HouseholdGoal }, { can, type }: HouseholdObject): boolean {
  return (
    type === goal.object &&
    (goal.condition === null || can.includes(verbFor[goal.condition])) &&
    (!goal.sliced || can.includes('slice'))
  );
}

/** Whether an object that fits is in the condition that the goal asks for. */
export function isReady({ game: { goal }, objects }: HouseholdState, object: number): boolean {
  const is = objects[object]?.is ?? [];
  return (goal.condition === null || is.includes(goal.condition)) && (!goal.sliced || is.includes('sliced'));
}

/** Indices of the objects that count for the goal in one receptacle. */
export function countIn(state: HouseholdState, receptacle: number): number {
  let count = 0;
  for (const [object, { inside }] of state.objects.entries()) {
    const known = state.game.objects[object];
    if (known && inside.includes(receptacle) && fitsGoal(state.game, known) && isReady(state, object)) count++;
  }
  return count;
}

/** Whether the goal is reached. Source: the quantified goals of alfworld/gen/goal_library.py. */
export function goalReached(state: HouseholdState): boolean {
  const { game, holding, location, objects } = state;
  const { goal } = game;
  if (goal.lamp === null) {
    return game.receptacles.some(({ type }, receptacle) => {
      return type === goal.receptacle && countIn(state, receptacle) >= goal.count;
    });
  }
  if (holding === null || game.objects[holding]?.type !== goal.object) return false;
  const here = indexGame(game).receptaclesAt.get(location) ?? [];
  return objects.some(({ inside, is }, object) => {
    const lamp = game.objects[object];
    return (
      lamp?.type === goal.lamp &&
      lamp.can.includes('toggle') &&
      is.includes('toggled') &&
      inside.some((receptacle) => here.includes(receptacle))
    );
  });
}
