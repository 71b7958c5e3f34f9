import type { Random } from '@dgpo/trajectory';
import { abilitiesOf, appliances, receptacleContents } from '../domain.js';
import { verbFor } from '../goal.js';
import { listed } from '../names.js';
import type { HouseholdFamily, HouseholdGame, HouseholdGoal, HouseholdObject } from '../types.js';
import type { Layout } from './layout.js';
import { lampStands } from './rooms.js';

const lampClass = 'DeskLamp';

type Asked = Pick<HouseholdGoal, 'condition' | 'count'>;

const askedBy: Readonly<Record<HouseholdFamily, Asked>> = {
  pick_and_place_simple: { condition: null, count: 1 },
  look_at_obj_in_light: { condition: null, count: 1 },
  pick_clean_then_place_in_recep: { condition: 'clean', count: 1 },
  pick_heat_then_place_in_recep: { condition: 'hot', count: 1 },
  pick_cool_then_place_in_recep: { condition: 'cool', count: 1 },
  pick_two_obj_and_place: { condition: null, count: 2 },
};

/** Two ways of saying each task; `o` and `r` are lower-case class names. Source: ALFWorld's goal templates. */
const phrases: Readonly<Record<HouseholdFamily, readonly ((o: string, r: string) => string)[]>> = {
  pick_and_place_simple: [(o, r) => `put a ${o} in ${r}`, (o, r) => `put some ${o} on ${r}`],
  look_at_obj_in_light: [(o, r) => `look at ${o} under the ${r}`, (o, r) => `examine the ${o} with the ${r}`],
  pick_clean_then_place_in_recep: [
    (o, r) => `put a clean ${o} in ${r}`,
    (o, r) => `clean some ${o} and put it in ${r}`,
  ],
  pick_heat_then_place_in_recep: [(o, r) => `put a hot ${o} in ${r}`, (o, r) => `heat some ${o} and put it in ${r}`],
  pick_cool_then_place_in_recep: [(o, r) => `put a cool ${o} in ${r}`, (o, r) => `cool some ${o} and put it in ${r}`],
  pick_two_obj_and_place: [(o, r) => `put two ${o} in ${r}`, (o, r) => `find two ${o} and put them in ${r}`],
};

/** A goal that the room's furniture allows: the class of the object, and of the receptacle or the lamp. */
function drawGoal(layout: Layout, family: HouseholdFamily, random: Random): { object: string; target: string } | null {
  const { condition } = askedBy[family];
  const verb = condition && verbFor[condition];
  const isLight = family === 'look_at_obj_in_light';
  const furniture = [...new Set(layout.receptacles.map(({ className }) => className))];
  const pairs = layout.kind.objects.flatMap(({ className: object }) => {
    const can = abilitiesOf(object);
    if (!can.includes('pickup') || (verb && !can.includes(verb))) return [];
    if (isLight) return [{ object, targets: [lampClass] }];
    const targets = furniture.filter((name) => {
      return receptacleContents[name]?.includes(object) && !(verb && name.toLowerCase() === appliances[verb]);
    });
    return targets.length > 0 ? [{ object, targets }] : [];
  });
  if (pairs.length === 0) return null;
  const { object, targets } = random.pick(pairs);
  return { object, target: random.pick(targets) };
}

/**
 * Draws a goal and the objects of a game in a room; null where the draw came to nothing, such as an object that can lie nowhere but where
 * it has to go.
 */
export function drawGame({
  family,
  layout,
  random,
}: {
  family: HouseholdFamily;
  layout: Layout;
  random: Random;
}): { game: HouseholdGame; object: string; target: string } | null {
  const drawn = drawGoal(layout, family, random);
  if (!drawn) return null;
  const { object: wanted, target } = drawn;
  const { condition, count } = askedBy[family];
  const isLight = family === 'look_at_obj_in_light';

  const classNames = layout.kind.objects.flatMap(({ className, least, most }) => {
    const number = least + random.integer(most - least + 1);
    return new Array<string>(className === wanted ? Math.max(number, count) : number).fill(className);
  });
  const objects: HouseholdObject[] = [];
  for (const { className, name, type } of listed(classNames)) {
    const places = layout.receptacles.filter((receptacle) => {
      if (className === lampClass) return lampStands.includes(receptacle.className);
      // What has to be put somewhere does not lie there already.
      if (className === wanted && condition === null && receptacle.className === target) return false;
      return receptacleContents[receptacle.className]?.includes(className);
    });
    if (places.length === 0) {
      if (className === wanted || (isLight && className === lampClass)) return null;
      continue;
    }
    const place = random.pick(places);
    objects.push({
      name,
      type,
      can: abilitiesOf(className),
      is: [],
      inside: [place.name],
      at: [place.location],
      contents: [],
    });
  }

  const present = new Set(objects.map(({ type }) => type));
  const furniture = [...new Set(layout.receptacles.map(({ className }) => className))];
  const game: HouseholdGame = {
    family,
    layout: layout.id,
    goal: {
      object: wanted.toLowerCase(),
      receptacle: isLight ? null : target.toLowerCase(),
      lamp: isLight ? target.toLowerCase() : null,
      condition,
      sliced: false,
      count,
    },
    instruction: random.pick(phrases[family])(wanted.toLowerCase(), target.toLowerCase()),
    style: { place: 'move', arrive: 'receptacle', help: true },
    start: layout.start,
    receptacles: layout.receptacles.map(({ className, ...receptacle }) => receptacle),
    objects,
    canContain: Object.fromEntries(
      furniture.map((className) => {
        const types = (receptacleContents[className] ?? []).map((name) => name.toLowerCase());
        return [className.toLowerCase(), types.filter((type) => present.has(type))];
      }),
    ),
  };
  return { game, object: wanted, target };
}
