import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatasetError } from '../errors.js';
import type { Trajectory } from '../trajectory.js';
import { readJsonValues } from './read-json-values.js';
import {
  detectLogFormat,
  type ReadLogsOptions,
  type RejectedRecord,
  readLogs,
  trajectoryFromRecord,
} from './read-logs.js';

let folder = '';
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-logs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fileWith = async (text: string) => {
  files += 1;
  const path = join(folder, `${files}.jsonl`);
  await writeFile(path, text);
  return path;
};

async function collect(text: string, options: Omit<ReadLogsOptions, 'path'> = {}) {
  const rejected: RejectedRecord[] = [];
  const trajectories: Trajectory[] = [];
  const path = await fileWith(text);
  for await (const trajectory of readLogs({ path, onRejected: (record) => rejected.push(record), ...options })) {
    trajectories.push(trajectory);
  }
  return { path, ids: trajectories.map(({ id }) => id), trajectories, rejected };
}

const record = (id: string, more: object = {}) => ({
  id,
  question: `${id}?`,
  golden_answers: ['a'],
  response: '<answer>a</answer>',
  ...more,
});
const line = (id: string, more: object = {}) => `${JSON.stringify(record(id, more))}\n`;
const chat = (question: string) => [
  { role: 'user', content: question },
  { role: 'assistant', content: 'a' },
];

describe('files of every make', () => {
  const records = [record('q1'), record('q2')];
  test.each([
    ['JSONL', records.map((value) => JSON.stringify(value)).join('\n')],
    ['JSONL with a byte-order mark, blank lines and CRLF', `\uFEFF${line('q1')}\r\n\n${line('q2')}\r\n`],
    ['a list', JSON.stringify(records)],
    ['an indented list', JSON.stringify(records, null, 2)],
    ['indented values', records.map((value) => JSON.stringify(value, null, 2)).join('\n')],
  ])('%s', async (_, text) => {
    const { ids, rejected } = await collect(text);
    expect([ids, rejected]).toEqual([['q1#0', 'q2#0'], []]);
  });

  test.each([
    ['a line each', `${JSON.stringify(chat('q1'))}\n${JSON.stringify(chat('q2'))}\n`, ['q1#0', 'q2#0']],
    ['a list of them', JSON.stringify([chat('q1'), chat('q2')]), ['q1#0', 'q2#0']],
    ['one, indented', JSON.stringify(chat('q1'), null, 2), ['q1#0']],
    ['one', JSON.stringify(chat('q1')), ['q1#0']],
  ])('episodes that are lists themselves: %s', async (_, text, expected) => {
    expect((await collect(text)).ids).toEqual(expected);
  });

  test('a memory of smolagents that is the whole file', async () => {
    const steps = [{ task: 'q1' }, { step_number: 1, model_output: 'x', is_final_answer: true, action_output: 'a' }];
    expect((await collect(JSON.stringify(steps, null, 1))).trajectories[0]?.outcome.answer).toBe('a');
  });
});

describe('records that are no episode', () => {
  test('each is reported with its line and the reason, the others are read', async () => {
    const text = [
      line('q1'),
      `${line('q2').slice(0, 40)}\n`,
      `{"messages": ${JSON.stringify(chat('q3'))}}\n`,
      line('q4', { reward: 0 }).replace('"reward":0', '"reward": NaN'),
      line('q5', { question: '' }),
      '7\n',
      line('q7', { loss: 1 }).replace('"loss":1', '"loss": NaN'),
      line('q8').slice(0, -5),
    ].join('');
    const { ids, rejected } = await collect(text);
    expect(ids).toEqual(['q1#0', 'q7#0']);
    expect(rejected.map((one) => [one.line, one.record])).toEqual([2, 3, 4, 5, 6, 8].map((number) => [number, number]));
    expect(rejected.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^not one whole JSON value: /),
      expect.stringMatching(/^not of the format search-r1: expected .*; this looks like openai$/),
      'reward: expected a finite number, found NaN',
      'question: missing or empty',
      expect.stringMatching(/^not of the format search-r1: .*found 7$/),
      expect.stringMatching(/^not one whole JSON value: /),
    ]);
  });

  test.each(['search-r1', 'r1-searcher', 'react'] as const)(
    'a text without a mark fails, it is no other shape: %s',
    async (format) => {
      const texts = ["I don't know", '', '  '];
      const lines = texts.map((response, index) => line(`q${index}`, { response })).join('');
      const { trajectories, rejected } = await collect(lines, { format });
      expect(rejected).toEqual([]);
      expect(trajectories.map(({ actions }) => actions)).toEqual(
        texts.map((text) => [{ turn: 0, kind: 'invalid', text, executed: false }]),
      );
      expect(trajectories.map(({ outcome }) => outcome)).toEqual(
        texts.map(() => ({ correct: false, reward: 0, answer: null, endedBy: 'turns' })),
      );
    },
  );

  test('a text without a mark after the record that told the format', async () => {
    const { ids, rejected } = await collect(line('q1') + line('q2', { response: "I don't know" }));
    expect([ids, rejected]).toEqual([['q1#0', 'q2#0'], []]);
  });

  test('a text without a mark tells no format', async () => {
    await expect(collect(line('q1', { response: "I don't know" }))).rejects.toThrow('unknown shape');
  });

  test('without anybody to tell, the first one is an error with its place', async () => {
    const path = await fileWith(`${line('q1')}{"a":\n`);
    const read = async () => {
      for await (const _ of readLogs({ path }));
    };
    await expect(read()).rejects.toThrow(DatasetError);
    await expect(read()).rejects.toThrow(`${path}:2: not one whole JSON value`);
  });

  test('in a list they are named by line and number', async () => {
    const { ids, rejected } = await collect(
      `[\n${JSON.stringify(record('q1'))},\n{"x": 1}, {"y": 2},\n${JSON.stringify(record('q4'))},\n{"question":`,
    );
    expect(ids).toEqual(['q1#0', 'q4#0']);
    expect(rejected.map((one) => [one.line, one.record])).toEqual([
      [3, 2],
      [3, 3],
      [5, 5],
    ]);
    expect(rejected[2]?.reason).toBe('the file ends in the middle of this record');
  });

  test('one that is too long is left out, not held', async () => {
    const { ids, rejected } = await collect(line('q1') + line('q2', { note: 'x'.repeat(600_000) }) + line('q3'), {
      maxRecordLength: 1000,
    });
    expect(ids).toEqual(['q1#0', 'q3#0']);
    expect(rejected).toEqual([{ line: 2, record: 2, reason: 'longer than 1000 characters' }]);
  });

  test('our own format: NaN and missing keys', async () => {
    const own = {
      id: 'q1#0',
      task: { id: 'q1', question: 'q', golden_answers: [] },
      environment: 'e',
      sample: 0,
      segments: [],
      actions: [],
      outcome: { correct: true, reward: 1, answer: null, endedBy: 'turns' },
    };
    const text = JSON.stringify(own);
    const { ids, rejected } = await collect(
      `${text}\n${text.replace('"reward":1', '"reward":NaN')}\n${text.replace('"sample":0,', '')}\n`,
    );
    expect(ids).toEqual(['q1#0']);
    expect(rejected.map(({ reason }) => reason.split(':')[0])).toEqual(['outcome.reward', 'sample']);
  });
});

describe('an unknown shape at the beginning', () => {
  test('shows the record, and what each format expects', async () => {
    const path = await fileWith(`${JSON.stringify({ foo: 'x'.repeat(1000) })}\n`);
    const error = await detectLogFormat({ path }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(DatasetError);
    const { message } = error as Error;
    expect(message).toContain(`${path}:1: the first record has an unknown shape: {"foo":"xxx`);
    expect(message).toMatch(/smolagents: .*verifiers: .*openai: .*r1-searcher: .*search-r1: .*react: /);
    expect(message.length).toBeLessThan(1600);
    await expect(collect(JSON.stringify({ foo: 1 }))).rejects.toThrow('unknown shape');
  });

  test('with a format, what that one expects', async () => {
    await expect(collect(line('q1'), { format: 'openai' })).rejects.toThrow(
      /unknown shape: \{"id":"q1".* openai: a list of chat messages[^:]*$/,
    );
    await expect(collect('a,b\n1,2\n')).rejects.toThrow(/unknown shape \(not one whole JSON value.*\): a,b/);
  });

  test('an empty file has no episodes', async () => {
    expect(await collect('')).toMatchObject({ ids: [], rejected: [] });
    await expect(detectLogFormat({ path: await fileWith('\n') })).rejects.toThrow('no episodes');
  });
});

test('samples of one question are counted', async () => {
  const { ids } = await collect(line('q1') + line('q2') + line('q1') + line('q1', { sample: 7 }) + line('q1'));
  expect(ids).toEqual(['q1#0', 'q2#0', 'q1#1', 'q1#7', 'q1#8']);
});

test('a record in memory', () => {
  expect(trajectoryFromRecord(record('q1'), { format: 'search-r1' }).id).toBe('q1#0');
  expect(() => trajectoryFromRecord({}, { format: 'search-r1' })).toThrow('not of the format search-r1');
});

property.prop(
  [fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }), fc.boolean(), fc.constantFrom('values', 'elements')],
  { numRuns: 60 },
)('values are cut at their brackets, whatever is in them', async (values, indented, level) => {
  const texts = values.map((value) => JSON.stringify(value, null, indented ? 2 : 0));
  const path = await fileWith(level === 'elements' ? `[${texts.join(',\n')}]\n` : texts.join('\n'));
  const read: unknown[] = [];
  for await (const { text, isComplete } of readJsonValues(path, { level, maxLength: 1e6 })) {
    expect(isComplete).toBe(true);
    read.push(JSON.parse(text));
  }
  expect(read).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))));
});
