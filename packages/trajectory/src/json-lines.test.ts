import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DatasetError } from './errors.js';
import { openJsonLinesWriter } from './json-lines-writer.js';
import { readJsonLines, readTasks, readTrajectories } from './read-json-lines.js';
import type { Task } from './task.js';
import type { Trajectory } from './trajectory.js';
import { writeJsonLines, writeTasks, writeTrajectories } from './write-json-lines.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-trajectory-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

const fileWith = async (text: string | Buffer) => {
  const path = join(folder, 'data.jsonl');
  await writeFile(path, text);
  return path;
};

describe('readJsonLines', () => {
  test('skips blank lines, takes CRLF, a byte-order mark and a last line without newline', async () => {
    const path = await fileWith('\uFEFF{"a":1}\r\n\n  \n[2]\n"three"');
    expect(await collect(readJsonLines(path))).toEqual([{ a: 1 }, [2], 'three']);
  });

  test('an empty file has no lines', async () => {
    expect(await collect(readJsonLines(await fileWith('')))).toEqual([]);
  });

  test('U+2028 inside a string does not split its line', async () => {
    expect(await collect(readJsonLines(await fileWith('"a\u2028b"\n"c"\n')))).toEqual(['a\u2028b', 'c']);
  });

  test('characters and lines across chunk borders stay whole', async () => {
    // 4-byte characters at an odd offset, far longer than a read chunk.
    const long = `x${'𝄞'.repeat(200_000)}`;
    const path = await fileWith(`${JSON.stringify(long)}\n${JSON.stringify(long)}\n`);
    expect(await collect(readJsonLines(path))).toEqual([long, long]);
  });

  test('streams: the lines before a bad one come out first', async () => {
    const path = await fileWith('1\n2\n{"torn": \n4\n');
    const seen: unknown[] = [];
    const read = async () => {
      for await (const value of readJsonLines(path)) seen.push(value);
    };
    await expect(read()).rejects.toThrow(`${path}:3: expected one JSON value on this line, found: {"torn":`);
    expect(seen).toEqual([1, 2]);
  });

  test('a line that the schema refuses names file, line, key and what was expected', async () => {
    const path = await fileWith('{"n":1}\n\n{"n":"two"}\n');
    const failed = collect(readJsonLines(path, { schema: z.object({ n: z.number() }) }));
    await expect(failed).rejects.toThrow(DatasetError);
    await expect(failed).rejects.toThrow(`${path}:3: n: Invalid input: expected number, received string`);
  });

  test('a missing file and a folder are said to be that', async () => {
    const missing = join(folder, 'missing.jsonl');
    await expect(collect(readJsonLines(missing))).rejects.toThrow(`${missing}: cannot read: no such file or folder`);
    await expect(collect(readJsonLines(folder))).rejects.toThrow('this is a folder');
  });

  test('may be left early', async () => {
    const path = await fileWith('1\n2\n3\n');
    for await (const value of readJsonLines(path)) {
      expect(value).toBe(1);
      break;
    }
  });
});

describe('writeJsonLines', () => {
  test('any JSON values come back, folders are made, nothing is left beside', async () => {
    const path = join(folder, 'deep', 'er', 'data.jsonl');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ stringUnit: 'binary' })), async (values) => {
        await writeJsonLines(path, values);
        expect(await collect(readJsonLines(path))).toEqual(JSON.parse(JSON.stringify(values)));
      }),
      { numRuns: 30 },
    );
    expect(await readdir(join(folder, 'deep', 'er'))).toEqual(['data.jsonl']);
  });

  test('a source that fails leaves the old file and no other', async () => {
    const path = await fileWith('"old"\n');
    async function* failing() {
      yield 'new';
      throw new Error('source failed');
    }
    await expect(writeJsonLines(path, failing())).rejects.toThrow('source failed');
    expect(await readFile(path, 'utf8')).toBe('"old"\n');
    expect(await readdir(folder)).toEqual(['data.jsonl']);
  });

  test('a target that cannot be written is a DatasetError', async () => {
    const path = join(await fileWith(''), 'below-a-file.jsonl');
    await expect(writeJsonLines(path, [1])).rejects.toThrow(DatasetError);
  });

  test('a full disk is said to be that', async () => {
    // /dev/full accepts opening and fails every write with ENOSPC.
    const writer = await openJsonLinesWriter({ path: '/dev/full', append: true });
    await expect(writer.write(1)).rejects.toThrow('/dev/full: cannot write: the disk is full');
    await writer.close().catch(() => undefined);
  });
});

describe('openJsonLinesWriter', () => {
  test('keeps the order of concurrent writes and refuses writes after close', async () => {
    const path = join(folder, 'logs', 'log.jsonl');
    const writer = await openJsonLinesWriter({ path });
    await Promise.all([0, 1, 2, 3].map((value) => writer.write(value)));
    await writer.flush();
    expect(await readFile(path, 'utf8')).toBe('0\n1\n2\n3\n');
    await writer.close();
    await writer.close();
    await expect(writer.flush()).rejects.toThrow('this writer is closed');
    await expect(writer.write(4)).rejects.toThrow('this writer is closed');
  });

  test('starts over without append', async () => {
    const path = await fileWith('"old"\n');
    const writer = await openJsonLinesWriter({ path });
    await writer.write('new');
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('"new"\n');
  });

  test.each([
    ['a clean end', '"old"\n', '"old"\n"new"\n'],
    ['a torn line', '"old"\n{"half": [1, 2', '"old"\n"new"\n'],
    ['only a torn line', '{"half"', '"new"\n'],
    ['a whole line without newline', '"old"\n{"whole":1}', '"old"\n{"whole":1}\n"new"\n'],
    ['a torn line longer than a block', `"old"\n"${'x'.repeat(150_000)}`, '"old"\n"new"\n'],
    ['a torn character', Buffer.concat([Buffer.from('"old"\n"'), Buffer.from([0xf0, 0x9f])]), '"old"\n"new"\n'],
    ['an empty file', '', '"new"\n'],
  ])('appends after %s', async (_, before, after) => {
    const path = await fileWith(before);
    const writer = await openJsonLinesWriter({ path, append: true });
    await writer.write('new');
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe(after);
  });

  test('append makes a file that is not there', async () => {
    const path = join(folder, 'new.jsonl');
    const writer = await openJsonLinesWriter({ path, append: true });
    await writer.write({ a: 1 });
    await writer.close();
    expect(await collect(readJsonLines(path))).toEqual([{ a: 1 }]);
  });
});

const task: Task = { id: 'q1', question: 'What money is used in Peru?', goldenAnswers: ['Peruvian sol'] };
const trajectory: Trajectory = {
  id: 'q1#0',
  task,
  environment: 'search',
  policy: 'teacher',
  sample: 0,
  segments: [
    { kind: 'prompt', text: 'What?', tokenIds: [1, 2] },
    { kind: 'policy', text: '<search>Peru</search>', tokenIds: [3, 4], logProbs: [-0.25, -1.5] },
    { kind: 'observation', text: 'Doc', tokenIds: [5] },
    { kind: 'policy', text: '<answer>Peruvian sol</answer>', tokenIds: [6], logProbs: [0] },
  ],
  actions: [
    {
      turn: 0,
      kind: 'search',
      text: '<search>Peru</search>',
      query: 'Peru',
      executed: true,
      documents: [{ document: { id: '7', contents: '"Peru"\nIts money is the Peruvian sol.' }, score: 1.5 }],
    },
    { turn: 1, kind: 'answer', text: '<answer>Peruvian sol</answer>', answer: 'Peruvian sol', executed: true },
    { turn: 2, kind: 'command', text: 'Action: open door 1', command: 'open door 1', executed: false },
    {
      turn: 3,
      kind: 'code',
      text: 'print(1)\n2 / 0',
      code: 'print(1)\n2 / 0',
      stdout: '1\n',
      value: '2',
      error: 'ZeroDivisionError: division by zero',
      calls: [
        { name: 'search', arguments: { query: 'Peru' }, value: [{ title: 'Peru' }, null] },
        { name: 'echo', arguments: JSON.parse('{"value": {"__proto__": 1}}'), error: 'no such page' },
      ],
      executed: true,
    },
  ],
  outcome: { correct: true, reward: 1, answer: 'Peruvian sol', endedBy: 'answer' },
};

describe('tasks and trajectories', () => {
  test('tasks come back; on disk they are FlashRAG', async () => {
    const path = join(folder, 'tasks.jsonl');
    await writeTasks(path, [task]);
    expect(await readFile(path, 'utf8')).toBe(
      '{"id":"q1","question":"What money is used in Peru?","golden_answers":["Peruvian sol"]}\n',
    );
    expect(await collect(readTasks(path))).toEqual([task]);
  });

  test('trajectories come back, an unfinished answer and an error too', async () => {
    const path = join(folder, 'episodes.jsonl');
    const failed: Trajectory = {
      ...trajectory,
      id: 'q1#1',
      sample: 1,
      outcome: { correct: false, reward: 0, answer: null, endedBy: 'error', error: 'retriever: down' },
    };
    await writeTrajectories(path, [trajectory, failed]);
    expect(await collect(readTrajectories(path))).toEqual([trajectory, failed]);
  });

  test.each([
    [
      'segments.1.logProbs',
      { segments: [trajectory.segments[0], { kind: 'policy', text: '', tokenIds: [1, 2], logProbs: [0] }] },
    ],
    ['segments.0.logProbs', { segments: [{ kind: 'observation', text: '', tokenIds: [1], logProbs: [0] }] }],
    ['segments.0.tokenIds.1', { segments: [{ kind: 'prompt', text: '', tokenIds: [1, -1] }] }],
    ['outcome.correct', { outcome: { ...trajectory.outcome, correct: 1 } }],
    ['outcome.endedBy', { outcome: { ...trajectory.outcome, endedBy: 'magic' } }],
    ['task.golden_answers', { task }],
    ['actions.0.calls.0.name', { actions: [{ ...trajectory.actions[3], calls: [{ arguments: {} }] }] }],
  ])('a trajectory with a bad %s is refused by name', async (key, change) => {
    const record = { ...trajectory, task: { id: 'q', question: 'q', golden_answers: [] }, ...change };
    const path = await fileWith(`${JSON.stringify(record)}\n`);
    await expect(collect(readTrajectories(path))).rejects.toThrow(`${path}:1: ${key}:`);
  });
});
