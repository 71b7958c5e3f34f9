import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CachedTeacherOptions, cachedTeacher } from './cached-teacher.js';
import { decodeScores, encodeScores } from './score-record.js';
import type { Teacher, TeacherRow } from './teacher.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A teacher that counts what it is asked; the scores tell the row. */
function counting({ name = 'teacher', topK = 1 } = {}) {
  const asked: number[][] = [];
  const teacher: Teacher = {
    name,
    topK,
    score: async (rows) =>
      rows.map(({ tokenIds, mask }) => {
        asked.push(Array.from(tokenIds));
        const scored = Array.from(tokenIds).filter((_, index) => index > 0 && mask[index] === 1);
        return {
          logProbs: Float32Array.from(scored, (id) => -id / 3),
          topK: { k: 1, tokenIds: Int32Array.from(scored), logProbs: Float32Array.from(scored, (id) => -id / 7) },
        };
      }),
  };
  return { teacher, asked };
}

const row = (...tokenIds: number[]): TeacherRow => ({ tokenIds, mask: tokenIds.map(() => 1) });
const file = () => join(directory, 'teacher-scores.jsonl');

describe('cachedTeacher', () => {
  it('asks once for each row, also within a call, and answers in order', async () => {
    const { teacher, asked } = counting();
    const cached = cachedTeacher({ teacher });
    const rows = [row(1, 2), row(1, 3), row(1, 2)];
    const first = await cached.score(rows);
    expect(asked).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(await cached.score([row(1, 3), row(1, 4)])).toEqual(await teacher.score([row(1, 3), row(1, 4)]));
    expect(first).toEqual(await teacher.score(rows));
    expect(asked.slice(0, 3)).toEqual([
      [1, 2],
      [1, 3],
      [1, 4],
    ]);
  });

  it('tells other masks, ids, names and topK apart', async () => {
    const rows = [row(1, 2, 3), { tokenIds: [1, 2, 3], mask: [1, 0, 1] }, row(1, 2), row(1, 2, 4), row(1, 2, 3, 1)];
    const { teacher, asked } = counting();
    await cachedTeacher({ teacher, directory }).score(rows);
    expect(asked).toHaveLength(5);
    for (const other of [counting({ name: 'other' }), counting({ topK: 2 })]) {
      await cachedTeacher({ teacher: other.teacher, directory }).score(rows.slice(0, 1));
      expect(other.asked).toHaveLength(1);
    }
  });

  it('does not change when a caller writes into what it got', async () => {
    const cached = cachedTeacher({ teacher: counting().teacher });
    const [scores] = await cached.score([row(1, 2)]);
    scores?.logProbs.fill(5);
    scores?.topK?.tokenIds.fill(5);
    expect(await cached.score([row(1, 2)])).toEqual(await counting().teacher.score([row(1, 2)]));
  });

  it('outlives the process', async () => {
    const rows = [row(1, 2, 3), row(4, 5)];
    const before = await cachedTeacher({ teacher: counting().teacher, directory }).score(rows);
    const { teacher, asked } = counting();
    expect(await cachedTeacher({ teacher, directory }).score(rows)).toEqual(before);
    expect(asked).toEqual([]);
  });

  it('drops lines that are cut off, changed or foreign, and tidies the file', async () => {
    await cachedTeacher({ teacher: counting().teacher, directory }).score([row(1, 2), row(1, 3), row(1, 4)]);
    const [one = '', two = '', three = ''] = (await readFile(file(), 'utf8')).split('\n');
    const flipped = two.replace(/"data":"(.)/, (_, first: string) => `"data":"${first === 'A' ? 'B' : 'A'}`);
    await writeFile(file(), `${one}\n${flipped}\nnull\n{"key": 1}\nnoise\n${three.slice(0, 40)}`);
    const { teacher, asked } = counting();
    await cachedTeacher({ teacher, directory }).score([row(1, 2), row(1, 3), row(1, 4)]);
    expect(asked).toEqual([
      [1, 3],
      [1, 4],
    ]);
    expect((await readFile(file(), 'utf8')).split('\n')).toEqual([one, two, three, '']);
  });

  it('forgets what was not asked for the longest, in memory and in the file', async () => {
    const { teacher, asked } = counting();
    const cached = cachedTeacher({ teacher, directory, maxEntries: 2 });
    for (const id of [1, 2, 1, 3]) await cached.score([row(0, id)]);
    expect(asked).toHaveLength(3);
    await cached.score([row(0, 1), row(0, 3)]);
    expect(asked).toHaveLength(3);
    await cached.score([row(0, 2)]);
    expect(asked).toHaveLength(4);
    const later = counting();
    await cachedTeacher({ teacher: later.teacher, directory, maxEntries: 2 }).score([row(0, 2), row(0, 3)]);
    expect(later.asked).toEqual([]);
    expect((await readFile(file(), 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('keeps nothing of a call that failed', async () => {
    const { teacher, asked } = counting();
    let broken = true;
    const flaky: Teacher = {
      ...teacher,
      score: (rows) => (broken ? Promise.reject(new Error('down')) : teacher.score(rows)),
    };
    const cached = cachedTeacher({ teacher: flaky, directory });
    await expect(cached.score([row(1, 2)])).rejects.toThrow('down');
    broken = false;
    await cached.score([row(1, 2)]);
    expect(asked).toHaveLength(1);
  });

  it('says when its folder cannot be used', async () => {
    await appendFile(join(directory, 'file'), '');
    const options: CachedTeacherOptions = { teacher: counting().teacher, directory: join(directory, 'file') };
    await expect(cachedTeacher(options).score([row(1, 2)])).rejects.toMatchObject({
      code: 'MODEL_ERROR',
      message: expect.stringMatching(/the cache of the teacher cannot be used.*another folder/),
    });
    expect(() => cachedTeacher({ ...options, maxEntries: 0 })).toThrow(/maxEntries: must be an integer/);
  });
});

const float = fc.float({ noNaN: true, noDefaultInfinity: true, max: 0 });
test.prop([fc.integer({ min: 0, max: 3 }), fc.array(float, { maxLength: 5 }), float, fc.nat()])(
  'a line holds every bit of the scores',
  (k, values, best, id) => {
    const topK = {
      k,
      tokenIds: new Int32Array(values.length * k).fill(id),
      logProbs: new Float32Array(values.length * k).fill(best),
    };
    const scores = { logProbs: Float32Array.from(values), ...(k === 0 ? {} : { topK }) };
    expect(decodeScores(encodeScores('key', scores))).toEqual({ key: 'key', scores });
  },
);
