import { receptacleContents } from '../domain.js';
import { verbFor } from '../goal.js';
import { problemId } from '../names.js';
import type { HouseholdGame, HouseholdGoal } from '../types.js';

const lampClasses = ['DeskLamp', 'FloorLamp'];
const classNames = new Map(
  [...Object.entries(receptacleContents).flatMap(([name, contents]) => [name, ...contents]), ...lampClasses].map(
    (name) => [name.toLowerCase(), name],
  ),
);
const classOf = (type: string) => classNames.get(type) ?? type;

const predicateOf = {
  pickup: 'pickupable',
  clean: 'cleanable',
  heat: 'heatable',
  cool: 'coolable',
  toggle: 'toggleable',
  slice: 'sliceable',
  contain: 'isReceptacleObject',
} as const;

const factOf = { clean: 'isClean', hot: 'isHot', cool: 'isCool', sliced: 'isSliced', toggled: 'isToggled' } as const;

/** Ids that the reader of the original turns back into the names, for things listed in order of their type. */
function idsOf(things: readonly { name: string; type: string }[]): Map<string, string> {
  const ranks = new Map<string, number>();
  return new Map(
    things.map(({ name, type }) => {
      const rank = (ranks.get(type) ?? 0) + 1;
      ranks.set(type, rank);
      return [name, problemId(classOf(type), rank)];
    }),
  );
}

function goalFormula({ condition, count, lamp, object, receptacle, sliced }: HouseholdGoal): string {
  if (lamp !== null) {
    return `(and
    (exists (?ot - object ?r - receptacle ?a - agent ?l - location)
      (and (objectType ?ot ${classOf(lamp)}Type) (toggleable ?ot) (isToggled ?ot)
        (receptacleAtLocation ?r ?l) (atLocation ?a ?l) (inReceptacle ?ot ?r)))
    (exists (?o - object ?a - agent) (and (objectType ?o ${classOf(object)}Type) (holds ?a ?o))))`;
  }
  const facts = (variable: string) => {
    const marks = [
      ...(condition ? [predicateOf[verbFor[condition]], factOf[condition]] : []),
      ...(sliced ? [predicateOf.slice, factOf.sliced] : []),
    ];
    return [
      ...marks.map((predicate) => `(${predicate} ${variable})`),
      `(objectType ${variable} ${classOf(object)}Type)`,
      `(receptacleType ?r ${classOf(receptacle ?? '')}Type)`,
      `(inReceptacle ${variable} ?r)`,
    ].join(' ');
  };
  const second = count === 2 ? `\n      (exists (?o2 - object) (and (not (= ?o1 ?o2)) ${facts('?o2')}))` : '';
  return `(and
    (exists (?r - receptacle)
      (exists (?o1 - object) (and ${facts('?o1')}${second}))))`;
}

/**
 * A game as a PDDL problem of ALFWorld's domain, which TextWorld plays. Names come out the same where things are listed by type and falling
 * number, as in every game of `createHouseholdGames` and every file that was read.
 */
export function writeProblem(game: HouseholdGame, { name }: { name: string }): string {
  const receptacleIds = idsOf(game.receptacles);
  const objectIds = idsOf(game.objects);
  const id = (thing: string) => receptacleIds.get(thing) ?? objectIds.get(thing) ?? thing;
  const spots = [
    ...new Set([
      game.start,
      ...game.receptacles.map(({ location }) => location),
      ...game.objects.flatMap(({ at }) => at),
    ]),
  ];
  const spotId = (location: string) => `loc_bar_${String(spots.indexOf(location)).padStart(4, '0')}`;
  const objectTypes = [...new Set([...game.objects.map(({ type }) => type), ...Object.values(game.canContain).flat()])];
  const receptacleTypes = [...new Set(game.receptacles.map(({ type }) => type))];
  const declarations = [
    'agent1 - agent',
    ...objectTypes.map((type) => `${classOf(type)}Type - otype`),
    ...receptacleTypes.map((type) => `${classOf(type)}Type - rtype`),
    ...game.objects.map((object) => `${id(object.name)} - object`),
    ...game.receptacles.map((receptacle) => `${id(receptacle.name)} - receptacle`),
    ...spots.map((location) => `${spotId(location)} - location`),
  ];
  const facts = [
    `(atLocation agent1 ${spotId(game.start)})`,
    ...game.receptacles.flatMap((receptacle) => [
      `(receptacleType ${id(receptacle.name)} ${classOf(receptacle.type)}Type)`,
      `(receptacleAtLocation ${id(receptacle.name)} ${spotId(receptacle.location)})`,
      ...(receptacle.openable ? [`(openable ${id(receptacle.name)})`] : []),
      ...(receptacle.opened ? [`(opened ${id(receptacle.name)})`] : []),
    ]),
    ...game.objects.flatMap((object) => [
      `(objectType ${id(object.name)} ${classOf(object.type)}Type)`,
      ...object.can.map((ability) => `(${predicateOf[ability]} ${id(object.name)})`),
      ...object.is.map((condition) => `(${factOf[condition]} ${id(object.name)})`),
      ...object.inside.map((place) => `(inReceptacle ${id(object.name)} ${id(place)})`),
      ...object.at.map((location) => `(objectAtLocation ${id(object.name)} ${spotId(location)})`),
      ...object.contents.map((inner) => `(inReceptacleObject ${id(inner)} ${id(object.name)})`),
    ]),
    ...receptacleTypes.flatMap((type) => {
      return (game.canContain[type] ?? []).map((object) => `(canContain ${classOf(type)}Type ${classOf(object)}Type)`);
    }),
  ];
  return `(define (problem ${name})
  (:domain alfred)
  (:objects
    ${declarations.join('\n    ')})
  (:init
    ${facts.join('\n    ')})
  (:goal ${goalFormula(game.goal)}))
`;
}
