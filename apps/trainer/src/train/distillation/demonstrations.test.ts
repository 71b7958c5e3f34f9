import { DatasetError } from '@dgpo/trajectory';
import { expect, it } from 'vitest';
import { type Demonstration, holdOut } from './demonstrations.js';

const rows = ['a', 'a', 'b', 'c', 'c'].map(
  (id, index): Demonstration => ({
    task: { id, question: 'q', goldenAnswers: ['x'] },
    tokenIds: Int32Array.of(0, index),
    mask: Uint8Array.of(0, 1),
  }),
);

const idsOf = (list: readonly Demonstration[]) => list.map(({ tokenIds }) => tokenIds[1]);

it('holds out whole questions, from the end', () => {
  const one = holdOut(rows, 1);
  expect([idsOf(one.training), idsOf(one.validation)]).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
  const three = holdOut(rows, 3);
  expect([idsOf(three.training), idsOf(three.validation)]).toEqual([
    [0, 1],
    [2, 3, 4],
  ]);
});

it('leaves something to train on', () => {
  expect(() => holdOut(rows, 4)).toThrow(DatasetError);
  expect(() => holdOut(rows, 4)).toThrow(/all 5 demonstrations would be held out .*validationEpisodes: 4/);
});
