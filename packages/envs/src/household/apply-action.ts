import { type HouseholdAction, isAccessible } from './actions.js';
import type { Condition, HouseholdReceptacle, HouseholdState, ObjectState } from './types.js';

const added = <Item>(items: readonly Item[], item: Item) => (items.includes(item) ? items : [...items, item]);
const removed = <Item>(items: readonly Item[], item: Item) => items.filter((other) => other !== item);
const replaced = <Item>(items: readonly Item[], index: number, item: Item) =>
  items[index] === item ? items : items.with(index, item);

function withObject(state: HouseholdState, object: number, change: (before: ObjectState) => Partial<ObjectState>) {
  const before = state.objects[object] as ObjectState;
  return { ...state, objects: state.objects.with(object, { ...before, ...change(before) }) };
}

function withCondition(state: HouseholdState, object: number, condition: Condition, lost?: Condition) {
  return withObject(state, object, ({ is }) => ({
    is: added(lost === undefined ? is : removed(is, lost), condition),
  }));
}

function withSight(state: HouseholdState, receptacle: number): HouseholdState {
  return isAccessible(state, receptacle) ? { ...state, seen: replaced(state.seen, receptacle, true) } : state;
}

/** The effects of an operator whose preconditions hold. */
export function applyAction(state: HouseholdState, action: HouseholdAction): HouseholdState {
  const { location } = state;
  switch (action.kind) {
    case 'go': {
      const { location: there } = state.game.receptacles[action.receptacle] as HouseholdReceptacle;
      return withSight({ ...state, location: there }, action.receptacle);
    }
    case 'open':
      return withSight({ ...state, opened: replaced(state.opened, action.receptacle, true) }, action.receptacle);
    case 'close':
      return { ...state, opened: replaced(state.opened, action.receptacle, false) };
    case 'examine-receptacle':
      return withSight(state, action.receptacle);
    case 'take':
      return withObject({ ...state, holding: action.object }, action.object, ({ at, inside, takenFrom }) => ({
        inside: removed(inside, action.receptacle),
        takenFrom: added(takenFrom, action.receptacle),
        at: removed(at, location),
      }));
    case 'move':
      return withObject({ ...state, holding: null }, action.object, ({ at, inside, takenFrom }) => ({
        inside: added(inside, action.receptacle),
        takenFrom: removed(takenFrom, action.receptacle),
        at: added(at, location),
      }));
    case 'clean':
      return withCondition(state, action.object, 'clean');
    case 'heat':
      return withCondition(state, action.object, 'hot', 'cool');
    case 'cool':
      return withCondition(state, action.object, 'cool', 'hot');
    case 'use':
      return withCondition(state, action.object, 'toggled');
    case 'slice':
      return withCondition(state, action.object, 'sliced');
    default:
      return state;
  }
}
