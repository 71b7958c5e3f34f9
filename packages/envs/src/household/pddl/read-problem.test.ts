import { DatasetError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { cleanMugGoal, kitchenProblem } from '../__fixtures__/alfworld-files.js';
import { kitchenGame } from '../__fixtures__/kitchen-game.js';
import type { HouseholdGoal } from '../types.js';
import { readProblem } from './read-problem.js';
import { writeProblem } from './write-problem.js';

const place = (line: number) => `kitchen, line ${line}`;
const read = (problem: string) => readProblem(problem, place);
const lineOf = (text: string) => kitchenProblem.slice(0, kitchenProblem.indexOf(text)).split('\n').length;

test('reads the room: names, places, abilities, what may lie where', () => {
  const { canContain, goal, objects, receptacles, start } = read(kitchenProblem);
  expect(goal).toEqual({
    object: 'mug',
    receptacle: 'fridge',
    lamp: null,
    condition: 'clean',
    sliced: false,
    count: 1,
  });
  expect(start).toBe('loc 2');
  expect(receptacles.map(({ name }) => name)).toEqual([
    'cabinet 3',
    'cabinet 2',
    'cabinet 1',
    'countertop 1',
    'fridge 1',
    'microwave 1',
    'sinkbasin 1',
  ]);
  expect(receptacles[0]).toEqual({
    name: 'cabinet 3',
    type: 'cabinet',
    location: 'loc 1',
    openable: true,
    opened: true,
  });
  expect(receptacles[6]).toEqual({
    name: 'sinkbasin 1',
    type: 'sinkbasin',
    location: 'loc 4',
    openable: false,
    opened: false,
  });
  expect(objects.find(({ name }) => name === 'apple 2')).toEqual({
    name: 'apple 2',
    type: 'apple',
    can: ['pickup', 'clean', 'heat', 'cool', 'slice'],
    is: [],
    inside: ['countertop 1', 'microwave 1'],
    at: ['loc 4'],
    contents: [],
  });
  expect(objects.find(({ name }) => name === 'mug 1')?.contents).toEqual(['pen 1']);
  expect(objects.find(({ name }) => name === 'potato 1')?.is).toEqual(['cool']);
  expect(objects.some(({ name }) => name.startsWith('sink'))).toBe(false);
  expect(canContain.fridge).toEqual(['apple', 'mug', 'potato']);
});

const goals: Partial<HouseholdGoal>[] = [
  { condition: null },
  { condition: 'clean' },
  { condition: 'hot', object: 'apple' },
  { condition: 'cool', object: 'apple', receptacle: 'microwave' },
  { condition: null, count: 2 },
  { condition: null, receptacle: null, lamp: 'desklamp', object: 'book' },
  { condition: null, object: 'apple', sliced: true },
  { condition: 'hot', object: 'apple', sliced: true },
  { condition: null, object: 'apple', sliced: true, count: 2 },
];

test.each(goals)('what is written is read again: %j', (goal) => {
  const game = kitchenGame(goal);
  const { canContain, objects, receptacles, start, ...rest } = read(writeProblem(game, { name: 'again' }));
  expect(rest.goal).toEqual(game.goal);
  const names = (things: readonly { name: string }[]) => things.map(({ name }) => name);
  expect(names(receptacles)).toEqual(names(game.receptacles));
  expect(names(objects)).toEqual(names(game.objects));
  expect(objects.map(({ can, contents, inside, is }) => ({ can, contents, inside: [...inside].sort(), is }))).toEqual(
    game.objects.map(({ can, contents, inside, is }) => ({ can, contents, inside: [...inside].sort(), is })),
  );
  expect(canContain).toEqual(game.canContain);
  expect(receptacles.some(({ location }) => location === start)).toBe(false);
});

const otherGoals = [
  ['(:goal (forall (?r - receptacle) (not (opened ?r))))', /six task families/],
  [cleanMugGoal.replace('(isClean ?o)', '(isHot ?o)'), /six task families/],
  [cleanMugGoal.replace('(inReceptacle ?o ?r)', ''), /six task families/],
  [cleanMugGoal.replace('(isClean ?o)', '(isClean ?o) (isSliced ?o)'), /six task families/],
  ['(:goal)', /a formula was expected/],
] as const;

test.each(otherGoals)('refuses another goal: %s', (goal, message) => {
  const problem = kitchenProblem.replace(cleanMugGoal, goal);
  expect(() => read(problem)).toThrow(DatasetError);
  expect(() => read(problem)).toThrow(message);
});

const fridge = 'Fridge_bar__plus_02_dot_10_bar__plus_00_dot_00_bar__minus_00_dot_28';
const openableFridge = `(openable ${fridge})`;

test.each([
  ['an unknown fact', openableFridge, `(sticky ${fridge})`, '"sticky": a fact of the domain was expected'],
  ['a name that is not declared', openableFridge, '(openable Fridge_bar_2)', '(openable <receptacle>) was expected'],
  [
    'arguments in the wrong order',
    openableFridge,
    `(receptacleType FridgeType ${fridge})`,
    '(receptacletype <receptacle> <rtype>) was expected',
  ],
  ['too many arguments', openableFridge, `(openable ${fridge} ${fridge})`, '(openable <receptacle>) was expected'],
  ['a nested fact', openableFridge, `(not (opened ${fridge}))`, '"": a fact of the domain was expected'],
  ['an unknown type', '        MugType - otype', '        MugType - thing', '"thing": one of the types agent'],
  ['a missing bracket', openableFridge, `(openable ${fridge}`, '"(" without ")"'],
])('names the line of %s', (_, before, after, message) => {
  const broken = kitchenProblem.replace(before, after);
  expect(() => read(broken)).toThrow(DatasetError);
  expect(() => read(broken)).toThrow(message);
  // An unclosed bracket is named where it opens: the outermost one that stays open.
  const line = message.includes('without') ? lineOf('(define') : lineOf(before);
  expect(() => read(broken)).toThrow(`kitchen, line ${line}: `);
});

test.each([
  ['', '"(define …)" was expected'],
  ['problem', '"(define …)" was expected'],
  ['(define (problem x)) (more)', 'nothing was expected after the last ")"'],
  ['(define (problem x)))', '")" without "("'],
  ['(define (problem x))', 'a section "(:init …)" was expected'],
  ['(define (:init))', 'a section "(:objects …)" was expected'],
  ['(define (:objects a b) (:init))', '"- type" was expected after "b"'],
  ['(define (:objects (a) - object) (:init))', 'names with their types were expected'],
  ['(define (:objects agent1 - agent) (:init))', 'one (atLocation <agent> <location>) was expected'],
  ['('.repeat(200), 'at most 100 levels were expected'],
  [' '.repeat(4_000_001), 'at most 4000000 characters were expected'],
  [
    `(define (:objects ${Array.from({ length: 5001 }, (_, index) => `o${index}`).join(' ')} - object) (:init))`,
    'at most 5000 names',
  ],
])('refuses what is no problem (%#)', (text, message) => {
  expect(() => read(text)).toThrow(DatasetError);
  expect(() => read(text)).toThrow(message);
});

const damage = fc.record({
  from: fc.nat(kitchenProblem.length),
  length: fc.nat(400),
  by: fc.oneof(
    fc.string(),
    fc.constantFrom('(', ')', ' - ', ';', '(:goal', '(exists', '?o', 'constructor', '__proto__'),
  ),
});

property.prop([fc.array(damage, { maxLength: 3 })], { numRuns: 150 })(
  'a damaged problem is read or refused, nothing else',
  (damages) => {
    const text = damages.reduce(
      (before, { by, from, length }) => before.slice(0, from) + by + before.slice(from + length),
      kitchenProblem,
    );
    try {
      read(text);
    } catch (error) {
      expect(error).toBeInstanceOf(DatasetError);
    }
  },
);
