import { createRandom } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { drawLesson } from './draw-lesson.js';

const hints = { 'Do a.': ['a'], 'Do a and b.': ['a', 'b'], 'Do c.': ['c'], 'Never mind.': [] } as const;
const strengths = { a: 0, b: 1, c: 0 };
const lessons = Array.from({ length: 400 }, (_, index) =>
  drawLesson({ hints, strengths, needed: ['a', 'b'], random: createRandom(7).split(index) }),
);

test('an apprentice has the skills that its hints call for, and of the others those of its own', () => {
  for (const { hints: told, skills } of lessons) {
    const called = told.flatMap((hint) => hints[hint as keyof typeof hints]);
    expect([...skills].sort()).toEqual([...new Set(['b', ...called])].sort());
  }
});

test('hints are there and not there, for the task and for others', () => {
  const share = (test: (told: readonly string[]) => boolean) =>
    lessons.filter(({ hints: told }) => test(told)).length / lessons.length;
  expect(share((told) => told.length === 0)).toBeGreaterThan(0.3);
  expect(share((told) => told.includes('Do c.'))).toBeGreaterThan(0.1);
  expect(share((told) => told.some((hint) => hint.startsWith('Do a')))).toBeGreaterThan(0.4);
  expect(share((told) => new Set(told).size < told.length)).toBe(0);
});

test('the same draw gives the same lesson', () => {
  const draw = () => drawLesson({ hints, strengths, needed: ['a'], random: createRandom(3).split('x') });
  expect(draw()).toEqual(draw());
});
