import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBm25Retriever } from '../bm25/bm25-retriever.js';
import { answerKey } from './answer-file.js';
import { createRecordingRetriever, type RecordingRetrieverOptions } from './create-recording-retriever.js';
import { createReplayRetriever } from './create-replay-retriever.js';

let root: string;
let path: string;
let files = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-replay-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(() => {
  path = join(root, `answers-${files++}.jsonl`);
});

const index = createBm25Retriever({
  documents: [
    { id: 'peru', contents: 'Peru\nThe capital is Lima.' },
    { id: 'chile', contents: 'Chile\nThe capital is Santiago.' },
  ],
});

/** Counts what it is asked. */
function counting() {
  const asked: string[][] = [];
  const retriever: RecordingRetrieverOptions['retriever'] = {
    fingerprint: index.fingerprint,
    retrieve(options) {
      asked.push([...options.queries]);
      return index.retrieve(options);
    },
  };
  return { asked, retriever };
}

const lines = async () => (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
const silent = { logger: () => undefined };

describe('recording and replaying', () => {
  it('replays what was recorded and nothing else', async () => {
    const recording = await createRecordingRetriever({ retriever: index, path });
    const request = { queries: ['Lima', 'capital', 'zzz'], topK: 2 };
    const answers = await recording.retrieve(request);
    expect(answers).toEqual(await index.retrieve(request));
    await recording.close();
    const [first] = (await lines()).map((line) => JSON.parse(line));
    expect(first).toEqual({
      key: answerKey({ source: index.fingerprint, query: 'Lima', topK: 2 }),
      source: index.fingerprint,
      query: 'Lima',
      topK: 2,
      documents: answers[0],
    });
    const replay = await createReplayRetriever({ path });
    expect(await replay.retrieve({ queries: ['zzz', 'Lima', 'Lima'], topK: 2 })).toEqual([[], answers[0], answers[0]]);
    await expect(replay.retrieve({ queries: ['Lima', 'Quito'], topK: 2 })).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringContaining('"Quito"'),
    });
    await expect(replay.retrieve({ queries: ['Lima'], topK: 3 })).rejects.toThrow(/topK 3: "Lima"/);
    const { asked, retriever } = counting();
    const withFallback = await createReplayRetriever({ path, fallback: retriever });
    expect(await withFallback.retrieve({ queries: ['Santiago', 'Lima'], topK: 2 })).toEqual(
      await index.retrieve({ queries: ['Santiago', 'Lima'], topK: 2 }),
    );
    expect(asked).toEqual([['Santiago']]);
  });

  it('writes each answer once, over several runs and calls at once', async () => {
    for (let run = 0; run < 2; run++) {
      const recording = await createRecordingRetriever({ retriever: index, path });
      const calls = Array.from({ length: 20 }, (_, call) => ({ queries: [`q${call % 4}`, 'Lima', 'Lima'], topK: 1 }));
      await Promise.all(calls.map((call) => recording.retrieve(call)));
      await recording.close();
    }
    const queries = (await lines()).map((line) => JSON.parse(line).query);
    expect(queries.sort()).toEqual(['Lima', 'q0', 'q1', 'q2', 'q3']);
  });

  it('with a cache asks each query once, also while it is on the way and in a later run', async () => {
    const { asked, retriever } = counting();
    const recording = await createRecordingRetriever({ retriever, path, cache: true });
    const [one, two] = await Promise.all([
      recording.retrieve({ queries: ['Lima', 'Lima', 'capital'], topK: 1 }),
      recording.retrieve({ queries: ['capital', 'Santiago'], topK: 1 }),
    ]);
    expect(asked).toEqual([['Lima', 'capital'], ['Santiago']]);
    expect(one).toEqual(await index.retrieve({ queries: ['Lima', 'Lima', 'capital'], topK: 1 }));
    expect(two).toEqual(await index.retrieve({ queries: ['capital', 'Santiago'], topK: 1 }));
    // What a caller does to its answer stays with it.
    one[0]?.splice(0);
    await recording.close();
    const later = await createRecordingRetriever({ retriever, path, cache: true });
    expect((await later.retrieve({ queries: ['Lima'], topK: 1 }))[0]).toHaveLength(1);
    await later.close();
    expect(asked).toHaveLength(2);
  });

  it('asks itself when the call that asked first is called off or fails', async () => {
    let calls = 0;
    const flaky: RecordingRetrieverOptions['retriever'] = {
      url: 'http://flaky',
      async retrieve(options) {
        calls += 1;
        if (calls === 1) throw new Error('connection refused');
        return index.retrieve(options);
      },
    };
    const recording = await createRecordingRetriever({ retriever: flaky, path, cache: true });
    const [first, second] = await Promise.allSettled([
      recording.retrieve({ queries: ['Lima'], topK: 1 }),
      recording.retrieve({ queries: ['Lima'], topK: 1 }),
    ]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
    expect(calls).toBe(2);
    await recording.close();
  });

  it('ignores a torn last line with a notice, and goes on after it', async () => {
    const before = await createRecordingRetriever({ retriever: index, path });
    await before.retrieve({ queries: ['Lima'], topK: 1 });
    await before.close();
    await appendFile(path, '{"key":"ab","sour');
    const notices: string[] = [];
    const logger = (line: string) => notices.push(line);
    const replay = await createReplayRetriever({ path, logger });
    expect((await replay.retrieve({ queries: ['Lima'], topK: 1 }))[0]).toHaveLength(1);
    expect(notices).toEqual([`${path}:2: the last line is torn, as a crash leaves it; ignored`]);
    const after = await createRecordingRetriever({ retriever: index, path, ...silent });
    await after.retrieve({ queries: ['capital'], topK: 1 });
    await after.close();
    expect((await lines()).map((line) => JSON.parse(line).query)).toEqual(['Lima', 'capital']);
  });

  it('keeps the answers of several sources apart', async () => {
    for (const source of ['a', 'b']) {
      const retriever = { retrieve: async () => [[{ document: { id: source, contents: source }, score: 1 }]] };
      const recording = await createRecordingRetriever({ retriever, path, source });
      await recording.retrieve({ queries: ['q'], topK: 1 });
      await recording.close();
      await expect(createRecordingRetriever({ retriever, path })).rejects.toThrow(/^source: .*neither fingerprint/);
    }
    await expect(createReplayRetriever({ path })).rejects.toThrow(/several sources, name one of: a, b/);
    await expect(createReplayRetriever({ path, source: 'c' })).rejects.toThrow(/no answers of c, only of: a, b/);
    const replay = await createReplayRetriever({ path, source: 'b' });
    expect((await replay.retrieve({ queries: ['q'], topK: 1 }))[0]?.[0]?.document.id).toBe('b');
  });

  it('refuses files that are missing, empty or damaged', async () => {
    await expect(createReplayRetriever({ path })).rejects.toThrow(/no recorded answers/);
    await expect(createReplayRetriever({ path: root })).rejects.toThrow(/cannot be read/);
    await writeFile(path, 'hello\n');
    await expect(createReplayRetriever({ path })).rejects.toMatchObject({
      name: 'DatasetError',
      message: `${path}:1: not a recorded answer (expected JSON)`,
    });
    const record = { key: 'ab', source: 's', query: 'q', topK: 1, documents: [] };
    await writeFile(path, `${JSON.stringify(record)}\n`);
    await expect(createReplayRetriever({ path })).rejects.toThrow(/key is not the SHA-256/);
    await writeFile(path, `${JSON.stringify({ ...record, topK: 0 })}\n`);
    await expect(createReplayRetriever({ path })).rejects.toThrow(/topK/);
  });
});
