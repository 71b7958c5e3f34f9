import { DatasetError } from '@dgpo/trajectory';
import { verbFor } from '../goal.js';
import type { HouseholdGoal } from '../types.js';
import { type Expression, headOf, type Place, wordsOf } from './parse-expression.js';

const typeName = (word: string) => word.replace(/type$/, '');

function unlike(expression: Expression, place: Place): DatasetError {
  const message =
    'the goal of one of the six task families was expected: a conjunction of facts under "exists", as in alfworld/gen/goal_library.py';
  return new DatasetError(message, { where: place(expression.line) });
}

/** The facts of a conjunction under quantifiers, with a number after each variable that tells its quantifier. */
function conjuncts(goal: Expression, place: Place): string[][] {
  let quantifiers = 0;
  const flatten = (expression: Expression, scope: ReadonlyMap<string, string>): string[][] => {
    const head = headOf(expression);
    const [, ...rest] = 'items' in expression ? expression.items : [];
    if (head === 'and') return rest.flatMap((part) => flatten(part, scope));
    const [first, body] = rest;
    if (head === 'exists' && first && body && rest.length === 2) {
      const declared = wordsOf(first)?.filter((word) => word.startsWith('?'));
      if (!declared) throw unlike(first, place);
      const quantifier = quantifiers++;
      return flatten(body, new Map([...scope, ...declared.map((name) => [name, `${name}${quantifier}`] as const)]));
    }
    const negated = head === 'not' && rest.length === 1 && first && headOf(first) === '=' ? first : null;
    const words = wordsOf(negated ?? expression);
    const [predicate, ...args] = words ?? [];
    if (predicate === undefined) throw unlike(expression, place);
    const renamed = args.map((arg) => scope.get(arg) ?? arg);
    return [negated ? ['different', ...renamed.sort()] : [predicate, ...renamed]];
  };
  return flatten(goal, new Map());
}

/** The facts that make a goal, about some variables: the inverse of reading, to compare with. */
function factsOf(
  goal: HouseholdGoal,
  { objects, receptacle }: { objects: readonly string[]; receptacle: string },
): string[][] {
  const facts = [['receptacletype', receptacle, `${goal.receptacle}type`]];
  for (const object of objects) {
    facts.push(['objecttype', object, `${goal.object}type`], ['inreceptacle', object, receptacle]);
    if (goal.condition) facts.push([`${verbFor[goal.condition]}able`, object], [`is${goal.condition}`, object]);
    if (goal.sliced) facts.push(['sliceable', object], ['issliced', object]);
  }
  return objects.length === 2 ? [...facts, ['different', ...[...objects].sort()]] : facts;
}

function lightFacts(
  goal: HouseholdGoal,
  variables: Readonly<Record<'lamp' | 'r' | 'l' | 'here' | 'object' | 'holder', string>>,
) {
  const { here, holder, l, lamp, object, r } = variables;
  return [
    ['objecttype', lamp, `${goal.lamp}type`],
    ['toggleable', lamp],
    ['istoggled', lamp],
    ['inreceptacle', lamp, r],
    ['receptacleatlocation', r, l],
    ['atlocation', here, l],
    ['objecttype', object, `${goal.object}type`],
    ['holds', holder, object],
  ];
}

function sameFacts(left: readonly string[][], right: readonly string[][]): boolean {
  const keys = (facts: readonly string[][]) => [...new Set(facts.map((fact) => fact.join(' ')))].sort().join('\n');
  return keys(left) === keys(right);
}

/**
 * Reads the body of `(:goal …)` of the six families, and of their variants with slices.
 *
 * @throws DatasetError for every other goal
 */
export function readGoal(goal: Expression, place: Place): HouseholdGoal {
  const facts = conjuncts(goal, place);
  const find = (predicate: string) => facts.filter(([name]) => name === predicate);
  const typeOf = (variable: string | undefined) =>
    typeName(
      facts.find(([name, subject]) => /^(object|receptacle)type$/.test(name ?? '') && subject === variable)?.[2] ?? '',
    );

  const lamp = find('istoggled')[0]?.[1];
  if (lamp !== undefined) {
    const [, holder = '', object = ''] = find('holds')[0] ?? [];
    const r = find('inreceptacle')[0]?.[2] ?? '';
    const [, here = '', l = ''] = find('atlocation')[0] ?? [];
    const read = {
      object: typeOf(object),
      receptacle: null,
      lamp: typeOf(lamp),
      condition: null,
      sliced: false,
      count: 1,
    } as const;
    if (sameFacts(facts, lightFacts(read, { lamp, r, l, here, object, holder }))) return read;
    throw unlike(goal, place);
  }
  const objects = [...new Set(find('inreceptacle').map(([, object = '']) => object))];
  const receptacle = find('inreceptacle')[0]?.[2] ?? '';
  const read: HouseholdGoal = {
    object: typeOf(objects[0]),
    receptacle: typeOf(receptacle),
    lamp: null,
    condition: (['clean', 'hot', 'cool'] as const).find((condition) => find(`is${condition}`).length > 0) ?? null,
    sliced: find('issliced').length > 0,
    count: objects.length === 2 ? 2 : 1,
  };
  if (objects.length <= 2 && sameFacts(facts, factsOf(read, { objects, receptacle }))) return read;
  throw unlike(goal, place);
}
