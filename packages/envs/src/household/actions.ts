import { appliances, knives } from './domain.js';
import { indexGame } from './index-game.js';
import type { HouseholdObject, HouseholdReceptacle, HouseholdState } from './types.js';

/** A grounded operator of the domain; numbers are indices of the game's receptacles and objects. */
export type HouseholdAction =
  | { kind: 'look' | 'inventory' | 'help' }
  | { kind: 'go' | 'open' | 'close' | 'examine-receptacle'; receptacle: number }
  | { kind: 'take' | 'move' | 'clean' | 'heat' | 'cool'; object: number; receptacle: number }
  | { kind: 'examine-object' | 'use'; object: number }
  | { kind: 'slice'; object: number; knife: number };

/** Whether one can see into a receptacle and reach into it. */
export function isAccessible({ game, opened }: HouseholdState, receptacle: number): boolean {
  return game.receptacles[receptacle]?.openable !== true || opened[receptacle] === true;
}

export function placeCommand(state: HouseholdState, object: string, receptacle: string): string {
  return state.game.style.place === 'move' ? `move ${object} to ${receptacle}` : `put ${object} in/on ${receptacle}`;
}

function* actionsHere(state: HouseholdState): Generator<readonly [string, HouseholdAction]> {
  const { game, holding, location } = state;
  const { accepts, receptaclesAt, ways } = indexGame(game);
  const here = receptaclesAt.get(location) ?? [];
  const held = holding === null ? undefined : game.objects[holding];

  yield ['look', { kind: 'look' }];
  yield ['inventory', { kind: 'inventory' }];
  if (game.style.help) yield ['help', { kind: 'help' }];
  for (const [command, action] of ways) {
    if (!here.includes(action.receptacle)) yield [command, action];
  }
  if (held && holding !== null) yield [`examine ${held.name}`, { kind: 'examine-object', object: holding }];
  for (const receptacle of here) {
    const { name, openable, type } = game.receptacles[receptacle] as HouseholdReceptacle;
    const accessible = isAccessible(state, receptacle);
    yield [`examine ${name}`, { kind: 'examine-receptacle', receptacle }];
    if (openable) {
      yield accessible
        ? [`close ${name}`, { kind: 'close', receptacle }]
        : [`open ${name}`, { kind: 'open', receptacle }];
    }
    if (!held || holding === null) continue;
    if (accessible && accepts[receptacle]?.has(held.type)) {
      yield [placeCommand(state, held.name, name), { kind: 'move', object: holding, receptacle }];
    }
    // The appliance may be closed, and the object stays in hand.
    for (const kind of ['clean', 'heat', 'cool'] as const) {
      if (type === appliances[kind] && held.can.includes(kind)) {
        yield [`${kind} ${held.name} with ${name}`, { kind, object: holding, receptacle }];
      }
    }
  }
  for (const [object, { at, inside }] of state.objects.entries()) {
    const { can, name } = game.objects[object] as HouseholdObject;
    for (const receptacle of inside) {
      if (!here.includes(receptacle)) continue;
      if (!held && can.includes('pickup') && isAccessible(state, receptacle)) {
        yield [`take ${name} from ${game.receptacles[receptacle]?.name}`, { kind: 'take', object, receptacle }];
      }
      if (can.includes('toggle')) yield [`use ${name}`, { kind: 'use', object }];
    }
    if (held && holding !== null && knives.has(held.type) && can.includes('slice') && at.includes(location)) {
      yield [`slice ${name} with ${held.name}`, { kind: 'slice', object, knife: holding }];
    }
  }
}

/** The last answer: who asks for the admissible commands of a state mostly plays one of them next. */
let last: { state: HouseholdState; actions: ReadonlyMap<string, HouseholdAction> } | null = null;

/**
 * Every command that would be carried out now. Source: the operators of ALFWorld's domain (alfworld/data/alfred.pddl) as TextWorld
 * grounds them: going where one stands is no operator, and only an object in hand can be examined.
 */
export function actionsOf(state: HouseholdState): ReadonlyMap<string, HouseholdAction> {
  if (last?.state !== state) last = { state, actions: new Map(actionsHere(state)) };
  return last.actions;
}
