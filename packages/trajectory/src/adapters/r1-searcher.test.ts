import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { r1Searcher } from './r1-searcher.js';

// An excerpt of R1-Searcher's logs; its licence stands beside it.
const excerpt = new URL('../../../arc/samples/r1-searcher.jsonl', import.meta.url);
const records = (await readFile(excerpt, 'utf8'))
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

test('real episodes: nothing is lost, searches have their five passages, correct is the verdict of the judge', () => {
  const trajectories = records.map((record) => r1Searcher.toTrajectory(record));
  for (const [index, { segments }] of trajectories.entries()) {
    expect(segments.map(({ text }) => text).join('')).toBe(records[index].gen_text_store);
  }
  expect(
    trajectories.map(({ actions }) => actions.map(({ kind, documents }) => [kind, documents?.length ?? 0])),
  ).toEqual([
    [
      ['search', 5],
      ['answer', 0],
    ],
    [
      ['search', 5],
      ['answer', 0],
    ],
    [['answer', 0]],
    [
      ['search', 5],
      ['answer', 0],
    ],
  ]);
  expect(trajectories.map(({ outcome }) => [outcome.answer, outcome.correct, outcome.endedBy])).toEqual([
    ['20 June 1837', true, 'answer'],
    ['Ryan Tubridy', false, 'answer'],
    ['Yes', true, 'answer'],
    ['helium', true, 'answer'],
  ]);
  const [first] = trajectories;
  expect(first?.task.goldenAnswers).toEqual(['20 June 1837']);
  expect(first?.actions[0]?.query).toBe('last king Britain House Hanover died');
  expect(first?.actions[0]?.documents?.[1]?.document.contents).toMatch(
    /^George V of Hanover\nGeorge V of Hanover George V \(; 27 May 1819/,
  );
});

test('the answer is the one in the text, not what a script made of it', () => {
  const record = {
    question: 'q',
    answer: 'July 27',
    pred_ans: 'July 27',
    gen_text_store: 'so <answer>27 July</answer>',
  };
  expect(r1Searcher.toTrajectory(record).outcome).toMatchObject({ answer: '27 July', correct: false });
});
