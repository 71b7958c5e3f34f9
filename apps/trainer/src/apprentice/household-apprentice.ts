import type { EpisodeState } from '@dgpo/envs';
import type { HouseholdGame, HouseholdState } from '@dgpo/envs/household';
import type { ApprenticeTurn } from './apprentice-world.js';
import type { HouseholdSkill } from './household-skills.js';

/** So many places at the head of the list are all that a player who does not explore walks through. */
const roundLength = 3;

const preparing = {
  clean: { skill: 'clean', appliance: 'sinkbasin' },
  hot: { skill: 'heat', appliance: 'microwave' },
  cool: { skill: 'cool', appliance: 'fridge' },
} as const;

interface Player {
  state: HouseholdState;
  skills: ReadonlySet<HouseholdSkill>;
  /** Commands so far. */
  done: readonly { command: string; executed: boolean }[];
}

type Receptacle = HouseholdGame['receptacles'][number];

const typeOf = (name: string) => name.replace(/ \d+$/, '');
const isHere = ({ state }: Player, place: Receptacle) => state.location === place.location;
const indexOf = ({ state }: Player, place: Receptacle) => state.game.receptacles.indexOf(place);
const isShut = (player: Player, place: Receptacle) =>
  place.openable && player.state.opened[indexOf(player, place)] !== true;

/** The place that was gone to, or looked at from a shared spot, last. */
function lastPlace({ done }: Player): string | undefined {
  return done.findLast(({ command, executed }) => executed && /^(?:go to|examine) /.test(command))?.command;
}

const wasVisited = ({ done }: Player, { name }: Receptacle) =>
  done.some(({ command, executed }) => executed && (command === `go to ${name}` || command === `examine ${name}`));

/** Goes to a place; where that is refused, because one stands there already, it takes a look instead. */
function visit(player: Player, place: Receptacle): string {
  const go = `go to ${place.name}`;
  const wasRefused = player.done.some(({ command, executed }) => command === go && !executed);
  return wasRefused && isHere(player, place) ? `examine ${place.name}` : go;
}

/** On to the place after the last one, round and round; who does not explore stays with the first few. */
function wander(player: Player): string {
  const { skills, state } = player;
  const places = state.game.receptacles;
  const route = skills.has('explore') ? places : places.slice(0, roundLength);
  const last = lastPlace(player);
  const at = route.findIndex(({ name }) => last?.endsWith(` ${name}`));
  const next = route[(at + 1) % route.length];
  return next === undefined ? 'look' : visit(player, next);
}

/** Opens what is shut here, else goes to the first place in the list where it has not been. */
function search(player: Player): string {
  const { skills, state } = player;
  const here = state.game.receptacles.find((place) => lastPlace(player)?.endsWith(` ${place.name}`));
  if (skills.has('open') && here !== undefined && isHere(player, here) && isShut(player, here)) {
    return `open ${here.name}`;
  }
  const unseen = state.game.receptacles.find((place) => !wasVisited(player, place));
  return skills.has('explore') && unseen !== undefined ? visit(player, unseen) : wander(player);
}

/** The place, among those looked into, where something of a type lies that has not been brought to its goal. */
function placeOf({ state }: Player, wanted: (object: number) => boolean) {
  for (const [object, { inside }] of state.objects.entries()) {
    const receptacle = inside.find((one) => state.seen[one]);
    const place = receptacle === undefined ? undefined : state.game.receptacles[receptacle];
    if (place !== undefined && wanted(object)) return { name: state.game.objects[object]?.name ?? '', place };
  }
  return undefined;
}

/** What a search comes to: the thing and the place where it was seen. */
function seen(wanted: string, found: ReturnType<typeof placeOf>): string {
  return `I want a ${wanted}: ${found === undefined ? 'not seen' : `${found.name} at ${found.place.name}`}.`;
}

function light(player: Player, held: string): ApprenticeTurn {
  const { done, skills, state } = player;
  const { lamp: wanted } = state.game.goal;
  if (!skills.has('lamp') || wanted === null) {
    const looked = done.some(({ command }) => command === `examine ${held}`);
    return looked
      ? { thought: `I looked at ${held}.`, command: wander(player) }
      : { thought: `I hold ${held}: look at it.`, command: `examine ${held}` };
  }
  const lamp = placeOf(player, (object) => state.game.objects[object]?.type === wanted);
  const thought = seen(wanted, lamp);
  if (lamp === undefined) return { thought, command: search(player) };
  return { thought, command: isHere(player, lamp.place) ? `use ${lamp.name}` : `go to ${lamp.place.name}` };
}

function bring(player: Player, held: string, placed: ReadonlyMap<string, string>): ApprenticeTurn {
  const { done, skills, state } = player;
  const { condition, receptacle: type } = state.game.goal;
  const first = (wanted: string | null) => state.game.receptacles.find((place) => place.type === wanted);
  const isReady = state.holding !== null && condition !== null && state.objects[state.holding]?.is.includes(condition);
  if (condition !== null && !isReady && skills.has(preparing[condition].skill)) {
    const { appliance, skill } = preparing[condition];
    const place = first(appliance);
    const thought = `I hold ${held}: ${skill} it with the ${appliance}.`;
    if (place === undefined) return { thought, command: wander(player) };
    const command = isHere(player, place) ? `${skill} ${held} with ${place.name}` : `go to ${place.name}`;
    return { thought, command };
  }
  const [known] = placed.values();
  const target = state.game.receptacles.find(({ name }) => name === known) ?? first(type);
  const thought = `I hold ${held}: bring it to ${target?.name ?? `a ${type}`}.`;
  if (target === undefined) return { thought, command: wander(player) };
  const put = state.game.style.place === 'move' ? `move ${held} to ${target.name}` : `put ${held} in/on ${target.name}`;
  // Who has been refused looks on, without knowing what for.
  if (done.some(({ command, executed }) => command === put && !executed)) {
    return { thought: `I cannot leave ${held} there.`, command: wander(player) };
  }
  if (!isHere(player, target)) return { thought, command: `go to ${target.name}` };
  return { thought, command: isShut(player, target) && skills.has('open') ? `open ${target.name}` : put };
}

/**
 * The next turn of a player who has some of the skills: it looks into one place after the other in the order of the list, takes the
 * first object of the wished type, prepares it and puts it where it belongs. Where a skill is missing it leaves that part out, and when
 * it takes itself to be done it walks on from place to place. With all skills it wins. Its thought says what it looks for and whether it
 * has seen it, or what it does with what it holds.
 */
export function householdTurn(episode: EpisodeState, skills: ReadonlySet<HouseholdSkill>): ApprenticeTurn {
  // The household alone writes this field of its episodes.
  const state = episode.world as HouseholdState;
  const done = episode.actions.map(({ command = '', executed }) => ({ command, executed }));
  const player: Player = { state, skills, done };
  const { goal, objects } = state.game;
  const placed = new Map<string, string>();
  for (const { command, executed } of done) {
    const [, object = '', place = ''] = /^(?:move|put) (.+) (?:to|in\/on) (.+)$/.exec(command) ?? [];
    if (executed && typeOf(place) === goal.receptacle) placed.set(object, place);
  }
  const held = state.holding === null ? undefined : objects[state.holding]?.name;
  if (held !== undefined) return goal.lamp === null ? bring(player, held, placed) : light(player, held);
  if (placed.size >= (goal.count === 2 && skills.has('both') ? 2 : 1)) {
    return { thought: 'It is done.', command: wander(player) };
  }
  const found = placeOf(player, (object) => {
    const known = objects[object];
    return known?.type === goal.object && !placed.has(known.name);
  });
  const thought = seen(goal.object, found);
  if (found === undefined) return { thought, command: search(player) };
  const { name, place } = found;
  return { thought, command: isHere(player, place) ? `take ${name} from ${place.name}` : `go to ${place.name}` };
}
