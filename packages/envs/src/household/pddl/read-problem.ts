import { DatasetError } from '@dgpo/trajectory';
import type { Ability, Condition, HouseholdGame, HouseholdObject, HouseholdReceptacle } from '../types.js';
import { type Expression, headOf, type Place, parseExpression, wordsOf } from './parse-expression.js';
import { readGoal } from './read-goal.js';

/** The facts of the domain and the types of their arguments. */
const predicates: Readonly<Record<string, readonly string[]>> = {
  atlocation: ['agent', 'location'],
  receptacleatlocation: ['receptacle', 'location'],
  objectatlocation: ['object', 'location'],
  openable: ['receptacle'],
  opened: ['receptacle'],
  inreceptacle: ['object', 'receptacle'],
  isreceptacleobject: ['object'],
  inreceptacleobject: ['object', 'object'],
  isreceptacleobjectfull: ['object'],
  wasinreceptacle: ['object', 'receptacle'],
  checked: ['receptacle'],
  examined: ['location'],
  receptacletype: ['receptacle', 'rtype'],
  cancontain: ['rtype', 'otype'],
  objecttype: ['object', 'otype'],
  holds: ['agent', 'object'],
  holdsany: ['agent'],
  holdsanyreceptacleobject: ['agent'],
  full: ['receptacle'],
  isclean: ['object'],
  cleanable: ['object'],
  ishot: ['object'],
  heatable: ['object'],
  iscool: ['object'],
  coolable: ['object'],
  pickupable: ['object'],
  moveable: ['object'],
  toggleable: ['object'],
  ison: ['object'],
  istoggled: ['object'],
  sliceable: ['object'],
  issliced: ['object'],
};

const maxNames = 5000;
const types = new Set(['agent', 'location', 'receptacle', 'object', 'rtype', 'otype']);

const abilityFacts: readonly (readonly [string, Ability])[] = [
  ['pickupable', 'pickup'],
  ['cleanable', 'clean'],
  ['heatable', 'heat'],
  ['coolable', 'cool'],
  ['toggleable', 'toggle'],
  ['sliceable', 'slice'],
  ['isreceptacleobject', 'contain'],
];

const conditionFacts: readonly (readonly [string, Condition])[] = [
  ['isclean', 'clean'],
  ['ishot', 'hot'],
  ['iscool', 'cool'],
  ['issliced', 'sliced'],
  ['istoggled', 'toggled'],
];

function readObjects(section: Expression, place: Place): Map<string, string> {
  const declared = new Map<string, string>();
  let names: string[] = [];
  const items = 'items' in section ? section.items.slice(1) : [];
  for (const [index, item] of items.entries()) {
    const word = 'word' in item ? item.word : '(';
    const previous = items[index - 1];
    if (previous && 'word' in previous && previous.word === '-') {
      if (!types.has(word)) {
        throw new DatasetError(`"${word}": one of the types ${[...types].join(', ')} was expected`, {
          where: place(item.line),
        });
      }
      for (const name of names) declared.set(name, word);
      names = [];
    } else if (word === '(')
      throw new DatasetError('names with their types were expected, as in "a b - object"', { where: place(item.line) });
    else if (word !== '-') names.push(word);
  }
  if (declared.size > maxNames) {
    throw new DatasetError(`at most ${maxNames} names were expected, not ${declared.size}`, {
      where: place(section.line),
    });
  }
  if (names.length > 0)
    throw new DatasetError(`"- type" was expected after "${names.at(-1)}"`, { where: place(section.line) });
  return declared;
}

/** Arguments of the facts by predicate. */
type Facts = ReadonlyMap<string, readonly (readonly string[])[]>;

function readFacts(section: Expression, declared: ReadonlyMap<string, string>, place: Place): Facts {
  const facts = new Map<string, string[][]>();
  for (const item of 'items' in section ? section.items.slice(1) : []) {
    // Distances and costs are no part of the game.
    if (headOf(item) === '=') continue;
    const [predicate = '', ...args] = wordsOf(item) ?? [];
    const wanted = predicates[predicate];
    if (!wanted)
      throw new DatasetError(`"${predicate}": a fact of the domain was expected`, { where: place(item.line) });
    if (wanted.length !== args.length || wanted.some((type, index) => declared.get(args[index] ?? '') !== type)) {
      throw new DatasetError(
        `(${predicate} ${wanted.map((type) => `<${type}>`).join(' ')}) was expected, with names from ":objects"`,
        {
          where: place(item.line),
        },
      );
    }
    const known = facts.get(predicate);
    if (known) known.push(args);
    else facts.set(predicate, [args]);
  }
  return facts;
}

/**
 * Names by id: the class before `_bar_` and a number, the highest for the id that sorts first. Source: `Demangler` of
 * alfworld/agents/utils/misc.py, which counts what occurs in some fact.
 */
function nameIds(facts: Facts): Map<string, string> {
  const ids = [...new Set([...facts.values()].flat(2))].sort();
  const word = (id: string) => `${id.split('_bar_', 1)[0]}${id.includes('basin') ? 'basin' : ''}`;
  const left = new Map<string, number>();
  for (const id of ids) left.set(word(id), (left.get(word(id)) ?? 0) + 1);
  return new Map(
    ids.map((id) => {
      if (!id.includes('_bar_')) return [id, id];
      const number = left.get(word(id)) ?? 0;
      left.set(word(id), number - 1);
      return [id, `${word(id)} ${number}`];
    }),
  );
}

/** The second parts of pairs by the first, in order. */
function group(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    const known = groups.get(key);
    if (known) known.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** What a problem says of a game; the rest is in other parts of a game file. */
export type ProblemGame = Pick<HouseholdGame, 'goal' | 'start' | 'receptacles' | 'objects' | 'canContain'>;

/**
 * Reads a PDDL problem of ALFWorld's domain. Receptacles without a location, and objects that no fact places anywhere, are no part of the
 * game.
 *
 * @throws DatasetError with the line and what was expected there
 */
export function readProblem(text: string, place: Place): ProblemGame {
  const root = parseExpression(text, place);
  const sections = 'items' in root ? root.items : [];
  const section = (name: string): Expression => {
    const found = sections.find((item) => headOf(item) === name);
    if (!found) throw new DatasetError(`a section "(${name} …)" was expected`, { where: place(root.line) });
    return found;
  };
  const init = section(':init');
  const facts = readFacts(init, readObjects(section(':objects'), place), place);
  const names = nameIds(facts);
  const nameOf = (id: string) => names.get(id) ?? id;
  const all = (predicate: string) => facts.get(predicate) ?? [];
  const pairs = (predicate: string) => all(predicate).map(([subject = '', other = '']) => [subject, other] as const);
  // Problems may have as many facts as fit into the cap, so none is looked for by walking through all.
  const bySubject = new Map([...facts.keys()].map((predicate) => [predicate, group(pairs(predicate))]));
  const has = (predicate: string, id: string) => bySubject.get(predicate)?.has(id) === true;
  const related = (predicate: string, id: string) => [...(bySubject.get(predicate)?.get(id) ?? [])].sort();
  const withoutSuffix = (type: string) => type.replace(/type$/, '');
  const typeOf = (predicate: string, id: string) =>
    withoutSuffix(related(predicate, id)[0] ?? nameOf(id).split(' ', 1)[0] ?? '');
  const subjects = (...of: string[]) =>
    [...new Set(of.flatMap((predicate) => all(predicate).map(([id = '']) => id)))].sort();

  const starts = all('atlocation');
  if (starts.length !== 1)
    throw new DatasetError('one (atLocation <agent> <location>) was expected', { where: place(init.line) });
  const receptacles: HouseholdReceptacle[] = subjects('receptacleatlocation').map((id) => ({
    name: nameOf(id),
    type: typeOf('receptacletype', id),
    location: nameOf(related('receptacleatlocation', id)[0] ?? ''),
    openable: has('openable', id),
    opened: has('opened', id),
  }));
  const reachable = new Set(receptacles.map(({ name }) => name));
  const contents = group(pairs('inreceptacleobject').map(([inner, outer]) => [outer, inner]));
  const objects: HouseholdObject[] = subjects('inreceptacle', 'objectatlocation', 'inreceptacleobject').map((id) => ({
    name: nameOf(id),
    type: typeOf('objecttype', id),
    can: abilityFacts.flatMap(([predicate, ability]) => (has(predicate, id) ? [ability] : [])),
    is: conditionFacts.flatMap(([predicate, condition]) => (has(predicate, id) ? [condition] : [])),
    inside: related('inreceptacle', id)
      .map(nameOf)
      .filter((name) => reachable.has(name)),
    at: related('objectatlocation', id).map(nameOf),
    contents: [...(contents.get(id) ?? [])].sort().map(nameOf),
  }));
  const canContain = group(
    pairs('cancontain').map(([holder, object]) => [withoutSuffix(holder), withoutSuffix(object)]),
  );
  const goalSection = section(':goal');
  const goal = 'items' in goalSection ? goalSection.items[1] : undefined;
  if (!goal) throw new DatasetError('a formula was expected in "(:goal …)"', { where: place(goalSection.line) });
  return {
    goal: readGoal(goal, place),
    start: nameOf(starts[0]?.[1] ?? ''),
    receptacles,
    objects,
    canContain: Object.fromEntries(canContain),
  };
}
