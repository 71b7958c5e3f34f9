import type { HouseholdAction } from './actions.js';
import { isAccessible } from './actions.js';
import { indexGame } from './index-game.js';
import type { HouseholdObject, HouseholdState, ObjectState } from './types.js';

/** `a, b, and c`; two items get the comma too. */
function list(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? 'nothing';
  return `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`;
}

const things = (names: readonly string[]) => list(names.map((name) => `a ${name}`));

function viewReceptacle(state: HouseholdState, receptacle: number): string {
  const { name, openable } = state.game.receptacles[receptacle] ?? { name: '', openable: false };
  if (!isAccessible(state, receptacle)) return `The ${name} is closed.`;
  const contents = state.game.objects.filter((_, object) => state.objects[object]?.inside.includes(receptacle));
  const seen = things(contents.map((object) => object.name));
  return openable ? `The ${name} is open. In it, you see ${seen}.` : `On the ${name}, you see ${seen}.`;
}

/**
 * What lies next to the furniture, as the original's query has it: an object counts as lying on the floor of its location once for each
 * receptacle there that it was taken out of, although it now lies in another one.
 */
function onTheFloor(state: HouseholdState, here: readonly number[]): string[] {
  return state.objects.flatMap(({ at, takenFrom }, object) => {
    const { name } = state.game.objects[object] as HouseholdObject;
    return at.includes(state.location)
      ? here.filter((receptacle) => takenFrom.includes(receptacle)).map(() => name)
      : [];
  });
}

/** What `look` shows. In the middle of a room it shows nothing: the furniture is listed at the start alone. */
function lookAround(state: HouseholdState, listed: readonly string[]): string {
  const here = indexGame(state.game).receptaclesAt.get(state.location) ?? [];
  if (here.length === 0) {
    return `You are in the middle of a room. Looking quickly around you, you see ${things(listed)}.`;
  }
  const names = here.map((receptacle) => state.game.receptacles[receptacle]?.name ?? '');
  return `You are facing the ${list(names)}. Next to it, you see ${things(onTheFloor(state, here))}.`;
}

function describe({ can, contents, name }: HouseholdObject, { is }: ObjectState): string {
  if (can.includes('contain')) return `This is a normal ${name}. In it, you see ${things(contents)}.`;
  const clean = is.includes('clean');
  const warmth = is.includes('hot') ? 'hot' : is.includes('cool') ? 'cool' : null;
  const sliced = is.includes('sliced') ? 'sliced ' : '';
  if (clean && warmth) return `This is a ${warmth} and clean ${sliced}${name}.`;
  if (clean) return `This is a clean ${sliced}${name}.`;
  // The original says "cold" for a whole object and "cool" otherwise.
  if (warmth) return `This is a ${warmth === 'cool' && !sliced ? 'cold' : warmth} ${sliced}${name}.`;
  if (can.includes('toggle') && is.includes('toggled')) return `This ${name} is on.`;
  if (sliced) return `This is a sliced ${name}.`;
  return `There's nothing special about ${name}.`;
}

function help({ game }: HouseholdState): string {
  const place = game.style.place === 'move' ? 'move OBJECT to PLACE' : 'put OBJECT in/on PLACE';
  return [
    'Commands: look, inventory, help, go to PLACE, examine PLACE, examine OBJECT, open PLACE, close PLACE,',
    `take OBJECT from PLACE, ${place}, use OBJECT, clean OBJECT with PLACE, heat OBJECT with PLACE,`,
    'cool OBJECT with PLACE, slice OBJECT with OBJECT.',
  ].join(' ');
}

/** What is read at the start: the furniture and the task. The original's title line is left out, as its agents leave it out. */
export function observeStart(state: HouseholdState): string {
  const furniture = state.game.receptacles.map(({ name }) => name);
  return `${lookAround(state, furniture)}\n\nYour task is to: ${state.game.instruction}.`;
}

/**
 * What is read after an action; `state` is the state after it. Source: the rules of alfworld/data/alfred.twl2, the first that applies.
 */
export function observeAction(state: HouseholdState, action: HouseholdAction): string {
  const { game, holding } = state;
  const receptacle = 'receptacle' in action ? (game.receptacles[action.receptacle]?.name ?? '') : '';
  const object = 'object' in action ? (game.objects[action.object]?.name ?? '') : '';
  switch (action.kind) {
    case 'look':
      return lookAround(state, []);
    case 'inventory':
      return holding === null
        ? 'You are not carrying anything.'
        : `You are carrying: ${things([game.objects[holding]?.name ?? ''])}.`;
    case 'help':
      return help(state);
    case 'go': {
      const place = game.style.arrive === 'receptacle' ? receptacle : state.location;
      return `You arrive at ${place}. ${viewReceptacle(state, action.receptacle)}`;
    }
    case 'open':
      return `You open the ${receptacle}. ${viewReceptacle(state, action.receptacle)}`;
    case 'close':
      return `You close the ${receptacle}.`;
    case 'examine-receptacle':
      return viewReceptacle(state, action.receptacle);
    case 'examine-object':
      return describe(game.objects[action.object] as HouseholdObject, state.objects[action.object] as ObjectState);
    case 'take':
      return `You pick up the ${object} from the ${receptacle}.`;
    case 'move':
      return game.style.place === 'move'
        ? `You move the ${object} to the ${receptacle}.`
        : `You put the ${object} in/on the ${receptacle}.`;
    case 'use':
      return `You turn on the ${object}.`;
    case 'slice':
      return `You sliced the ${object} with the ${game.objects[action.knife]?.name}.`;
    default:
      return `You ${action.kind} the ${object} using the ${receptacle}.`;
  }
}
