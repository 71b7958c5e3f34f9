import { containsAnswer, searchableAnswers } from '@dgpo/arc';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { corpusAnswerRecall } from './corpus-answers.js';

const task = (id: number, ...goldenAnswers: string[]) => ({ id: String(id), question: 'q', goldenAnswers });

test('an answer counts once, as whole words, wherever it stands; yes and no do not count', async () => {
  const documents = [{ contents: '"Peru"\nIts capital is the city of Lima.' }, { contents: 'Pacific Ocean' }];
  const tasks = [
    task(0, 'Lima'),
    task(1, 'Limas', 'The Pacific Ocean!'),
    task(2, 'Ocean Lima'),
    task(3, 'yes'),
    task(4, 'city, of lima'),
  ];
  // Found: 0, 1 (by its second answer) and 4; not 2; 3 is not counted. 3 of 4.
  expect(await corpusAnswerRecall({ documents, tasks })).toBe(0.75);
  expect(await corpusAnswerRecall({ documents, tasks: [task(0, 'no')] })).toBeNull();
});

const words = fc.array(fc.constantFrom('a', 'b', 'c', 'the', 'yes', 'd.'), { minLength: 1, maxLength: 6 });
const texts = fc.array(
  words.map((list) => list.join(' ')),
  { minLength: 1, maxLength: 5 },
);

property.prop([texts, texts])('as looking for every answer in every passage', async (passages, answers) => {
  const documents = passages.map((contents) => ({ contents }));
  const tasks = answers.map((answer, index) => task(index, answer));
  const counted = answers.filter((answer) => searchableAnswers([answer]).length > 0);
  const found = counted.filter((answer) => containsAnswer(passages, searchableAnswers([answer])));
  const expected = counted.length === 0 ? null : found.length / counted.length;
  expect(await corpusAnswerRecall({ documents, tasks })).toBe(expected);
});
