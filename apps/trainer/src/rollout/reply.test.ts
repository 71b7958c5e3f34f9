import { gunzipSync, gzipSync } from 'node:zlib';
import type { Trajectory } from '@dgpo/trajectory';
import { isDgpoError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { EpisodesJob } from '../compute/episodes-job.js';
import type { ReadJob } from '../compute/read-job.js';
import { decodeReply, encodeReply, errorOf } from './reply.js';

const task = { id: 'q', question: 'Which?', goldenAnswers: ['this'], metadata: { hops: 2 } };
const job = { kind: 'episodes', tasks: [task], samplesPerTask: 2 } as unknown as EpisodesJob;
const reading = { kind: 'read', requests: [{}, {}] } as unknown as ReadJob;
const maxBytes = 1 << 20;

const episode = (sample: number, logProbs: number[]): Trajectory => ({
  id: `q#${sample}`,
  task,
  environment: 'search',
  policy: 'student',
  sample,
  segments: [{ kind: 'policy', text: 'é', tokenIds: logProbs.map((_, index) => index), logProbs }],
  actions: [{ turn: 0, kind: 'answer', text: 'é', answer: 'é', executed: true }],
  outcome: { correct: false, reward: 0, answer: 'é', endedBy: 'answer' },
});

property.prop([fc.array(fc.double({ max: 0, noNaN: true, noDefaultInfinity: true }))])(
  'numbers and the order of keys come back as they were, -0 too',
  async (logProbs) => {
    const result = [episode(0, logProbs), episode(1, [-0])];
    const decoded = await decodeReply(await encodeReply({ worker: 'w', result }, job), job, { maxBytes });
    const back = 'result' in decoded ? (decoded.result as Trajectory[]) : [];
    expect(JSON.stringify(back)).toBe(JSON.stringify(result));
    const values = back.map(({ segments }) => segments[0]?.logProbs ?? []);
    values[0]?.forEach((value, index) => {
      expect(Object.is(value, logProbs[index])).toBe(true);
    });
    expect(values[1]?.every((value) => Object.is(value, -0))).toBe(true);
  },
);

test('questions do not travel back', async () => {
  const body = await encodeReply({ worker: 'w', result: [episode(0, [-1]), episode(1, [-1])] }, job);
  expect(gunzipSync(body).toString()).not.toContain('Which?');
});

test('an error keeps its type', async () => {
  const body = await encodeReply({ worker: 'w', error: { message: 'damaged', code: 'DATASET_ERROR' } }, job);
  const reply = await decodeReply(body, job, { maxBytes });
  const error = 'error' in reply ? errorOf(reply.error) : undefined;
  expect(isDgpoError(error) && [error.code, error.message]).toEqual(['DATASET_ERROR', 'damaged']);
  expect(isDgpoError(errorOf({ message: 'unknown' }))).toBe(false);
});

test.each([
  ['no gzip', Buffer.from('{}'), /no reply/],
  ['no JSON', gzipSync('{'), /no reply/],
  ['too long', gzipSync(Buffer.alloc(2 * maxBytes)), /no reply/],
  ['too few episodes', gzipSync('{"worker":"w","result":[]}'), /0 episodes instead of 2/],
  ['no episodes', gzipSync('{"worker":"w","result":[1,2]}'), /no episode/],
  ['half an episode', gzipSync('{"worker":"w","result":[{"id":"q#0"},{"id":"q#1"}]}'), /damaged episode of task q/],
])('%s is refused', async (_, body, message) => {
  await expect(decodeReply(body, job, { maxBytes })).rejects.toThrow(message);
});

test('answers are as many strings as requests', async () => {
  const answers = await encodeReply({ worker: 'w', result: ['a', ''] }, reading);
  expect(await decodeReply(answers, reading, { maxBytes })).toEqual({ worker: 'w', result: ['a', ''] });
  const wrong = await encodeReply({ worker: 'w', result: ['a'] }, reading);
  await expect(decodeReply(wrong, reading, { maxBytes })).rejects.toThrow(/no list of answers/);
});
