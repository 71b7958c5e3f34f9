import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadQrels, readQrels, writeQrels } from './qrels-file.js';
import { loadQueries, readQueries } from './queries-file.js';
import { loadRun, readRun, writeRun } from './run-file.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-trec-'));
});
afterAll(() => rm(directory, { recursive: true }));

const file = async (name: string, text: string) => {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
};
const all = async <T>(items: AsyncIterable<T>) => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

describe('run files', () => {
  it('come back as they were written', async () => {
    const run = new Map([
      [
        'q1',
        [
          { id: 'a', score: 0.1 + 0.2 },
          { id: 'ü', score: -1e-9 },
        ],
      ],
      ['q2', [{ id: 'a', score: 1e21 }]],
    ]);
    const path = join(directory, 'made', 'a.run');
    await writeRun({ path, run, tag: 'bm25' });
    expect(await readFile(path, 'utf8')).toBe(
      'q1 Q0 a 1 0.30000000000000004 bm25\nq1 Q0 ü 2 -1e-9 bm25\nq2 Q0 a 1 1e+21 bm25\n',
    );
    expect(await loadRun(path)).toEqual(run);
  });

  it('are read with tabs, blank lines, CRLF, a byte-order mark and no last newline, across chunks', async () => {
    const path = await file('odd.run', '\uFEFFq1\tQ0\ta\t7\t1.5\tx\r\n\r\n  q1 0 b 1 2 y');
    expect(await all(readRun(path))).toEqual([
      { queryId: 'q1', documentId: 'a', score: 1.5 },
      { queryId: 'q1', documentId: 'b', score: 2 },
    ]);
    const many = Array.from({ length: 30_000 }, (_, line) => `q${line} Q0 é${line} 1 ${line} x`).join('\n');
    const lines = await all(readRun(await file('many.run', many)));
    expect(lines).toHaveLength(30_000);
    expect(lines.every(({ documentId, score }) => documentId === `é${score}`)).toBe(true);
  });

  it.each([
    ['q1 Q0 b 1 2', /bad\.run:2: a line of a run is/],
    ['q1 Q0 b 1 2 x y', /:2: a line of a run is/],
    ['q1 Q0 b 1 high x', /:2: the score must be a finite number, not "high"/],
    ['q1 Q0 b 1 NaN x', /:2: the score/],
    ['q1 Q0 a 2 3 x', /:2: document a occurs twice/],
  ])('name file and line of %j', async (line, message) => {
    const path = await file('bad.run', `q1 Q0 a 1 2 x\n${line}\n`);
    await expect(loadRun(path)).rejects.toMatchObject({
      name: 'DatasetError',
      message: expect.stringMatching(message),
    });
  });

  it('cannot hold white space, and leave nothing half written', async () => {
    const path = join(directory, 'white', 'a.run');
    const run = (id: string) => new Map([['q1', [{ id, score: 1 }]]]);
    await expect(writeRun({ path, run: run('a b') })).rejects.toThrow(/"a b" is empty or has white space/);
    await expect(writeRun({ path, run: run('a'), tag: '' })).rejects.toThrow(/white space/);
    expect(await readdir(join(directory, 'white'))).toEqual([]);
    await expect(loadRun(join(directory, 'absent'))).rejects.toThrow(/absent: cannot read: no such file/);
  });
});

describe('qrels', () => {
  const expected = [
    { queryId: '1', documentId: 'd1', relevance: 2 },
    { queryId: '1', documentId: 'd2', relevance: -1 },
    { queryId: '2', documentId: 'd1', relevance: 0 },
  ];

  it.each([
    ['TREC', '1 0 d1 2\n1 0 d2 -1\n2\t0\td1\t0\n'],
    ['BEIR', 'query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t-1\n2\td1\t0\n'],
    ['BEIR without a header', '1\td1\t2\n1\td2\t-1\n2\td1\t0'],
  ])('are read from %s', async (_, text) => {
    expect(await all(readQrels(await file('qrels.tsv', text)))).toEqual(expected);
  });

  it('come back as they were written', async () => {
    const path = join(directory, 'a.qrels');
    const qrels = new Map([['1', new Map([['d1', 2]])]]);
    await writeQrels({ path, qrels });
    expect(await readFile(path, 'utf8')).toBe('1 0 d1 2\n');
    expect(await loadQrels(path)).toEqual(qrels);
  });

  it.each([
    ['1 0', /:2: a judgement is/],
    ['1 0 d1 1 1', /:2: a judgement is/],
    ['1 0 d2 yes', /:2: the relevance must be an integer, not "yes"/],
    ['1 0 d2 0.5', /:2: the relevance/],
    ['1 0 d1 1', /:2: document d1 is judged twice/],
  ])('name file and line of %j', async (line, message) => {
    await expect(loadQrels(await file('bad.qrels', `1 0 d1 1\n${line}\n`))).rejects.toThrow(message);
  });

  it('must hold something', async () => {
    await expect(loadQrels(await file('empty.tsv', 'query-id\tcorpus-id\tscore\n'))).rejects.toThrow(/no judgements/);
  });
});

describe('queries', () => {
  it.each([
    ['q.jsonl', '{"_id": "1", "text": "who?", "metadata": {}}\n{"_id": 2, "text": "what?"}\n'],
    ['f.jsonl', '{"id": "1", "question": "who?", "golden_answers": []}\n{"id": "2", "question": "what?"}\n'],
    ['q.tsv', '1\twho?\n2\twhat?\n'],
  ])('are read from %s', async (name, text) => {
    expect(await loadQueries(await file(name, text))).toEqual([
      { id: '1', text: 'who?' },
      { id: '2', text: 'what?' },
    ]);
  });

  it('name file and line', async () => {
    const bad = await file('bad.jsonl', '{"_id": "1", "text": "x"}\n{"_id": "2"}\n');
    await expect(all(readQueries(bad))).rejects.toThrow(/bad\.jsonl:2: .*needs _id and text/);
    await expect(all(readQueries(await file('bad.tsv', '1\tx\n2\n')))).rejects.toThrow(/bad\.tsv:2: a query is/);
    const twice = await file('twice.tsv', '1\tx\n1\ty\n');
    await expect(loadQueries(twice)).rejects.toThrow(/1 occurs twice/);
    await expect(loadQueries(await file('none.tsv', '\n'))).rejects.toThrow(/no queries/);
  });
});
