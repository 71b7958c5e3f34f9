import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuildProgress, buildIndex } from './build-index.js';
import { createRetriever } from './create-retriever.js';
import { loadRetriever } from './load-retriever.js';
import type { Document } from './retriever.js';
import type { Encoder } from './vector/encoder.js';
import { createHashedEncoder } from './vector/hashed-encoder.js';

const documents: Document[] = Array.from({ length: 300 }, (_, index) => ({
  id: `d${index}`,
  contents: `"Town ${index}"\nTown ${index} lies ${index % 7} miles from the river ${index % 13}.`,
}));
const queries = ['Town 17', 'river 5 town 31', 'zzzz'];
const logger = () => undefined;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-build-'));
});
afterAll(() => rm(root, { recursive: true }));

async function* stream(): AsyncGenerator<Document> {
  yield* documents;
}

/** The embedded encoder, which can be told to fail and counts what it encodes. */
function watched(failAfter = Number.POSITIVE_INFINITY) {
  const encoder = createHashedEncoder({ dimension: 64 }).fit(documents.map(({ contents }) => contents));
  const state = { encoded: 0 };
  const wrapped: Encoder = {
    dimension: encoder.dimension,
    settings: encoder.settings,
    save: (directory) => encoder.save(directory),
    encode(texts) {
      if (state.encoded + texts.length > failAfter) throw new Error('the power went out');
      state.encoded += texts.length;
      return encoder.encode(texts);
    },
  };
  return { encoder: wrapped, state };
}

describe('buildIndex', () => {
  it.each(['bm25', 'flat', 'hnsw', 'lancedb', 'hybrid'] as const)(
    'streams passages into an index of kind %s',
    async (kind) => {
      const directory = join(root, kind);
      const steps = new Set<BuildProgress['step']>();
      const built = await buildIndex({
        documents: stream(),
        directory,
        kind,
        logger,
        onProgress: ({ step }) => steps.add(step),
      });
      expect(built).toMatchObject({ directory, kind, documents: 300 });
      expect([...steps]).toEqual(kind === 'bm25' ? ['passages'] : ['passages', 'fit', 'encode', 'index']);
      expect(await readdir(root)).not.toContain(`${kind}.building`);
      const opened = await loadRetriever({ directory, logger });
      try {
        expect(opened).toMatchObject({ kind, documents: 300, fingerprint: built.fingerprint });
        const answers = await opened.retrieve({ queries, topK: 3 });
        expect(answers[0]?.[0]?.document).toEqual(documents[17]);
        expect(answers.map((list) => list.length)).toEqual([3, 3, kind === 'bm25' ? 0 : answers[2]?.length]);
        if (kind !== 'lancedb') {
          const inMemory = await createRetriever({ documents, kind, logger });
          expect(inMemory.fingerprint).toBe(built.fingerprint);
          expect(await inMemory.retrieve({ queries, topK: 3 })).toEqual(answers);
        }
        expect(await opened.lookUp(['d3', 'absent', 'd299'])).toEqual([documents[3], undefined, documents[299]]);
      } finally {
        await opened.close();
      }
    },
  );

  it('goes on where an interrupted build stopped encoding', async () => {
    const directory = join(root, 'resumed');
    const options = { documents, directory, kind: 'flat', shardSize: 100 } as const;
    const broken = watched(250);
    await expect(buildIndex({ ...options, encoder: broken.encoder })).rejects.toThrow(/the power went out/);
    expect((await readdir(root)).filter((name) => name.startsWith('resumed'))).toEqual(['resumed.building']);
    const whole = watched();
    const { fingerprint } = await buildIndex({ ...options, encoder: whole.encoder });
    expect(whole.state.encoded).toBe(100);
    const fresh = watched();
    await buildIndex({ ...options, directory: join(root, 'fresh'), encoder: fresh.encoder });
    for (const name of await readdir(directory)) {
      expect(await readFile(join(directory, name))).toEqual(await readFile(join(root, 'fresh', name)));
    }
    expect((await createRetriever({ documents, kind: 'flat', encoder: fresh.encoder })).fingerprint).toBe(fingerprint);
  });

  it('encodes anew when the passages have changed since the interruption', async () => {
    const directory = join(root, 'changed');
    const options = { directory, kind: 'flat', shardSize: 100 } as const;
    const broken = watched(250);
    await expect(buildIndex({ ...options, documents, encoder: broken.encoder })).rejects.toThrow(/the power went out/);
    const whole = watched();
    await buildIndex({ ...options, documents: documents.slice(1), encoder: whole.encoder });
    expect(whole.state.encoded).toBe(299);
  });

  it('keeps the old index when the passages turn out bad, and when aborted', async () => {
    const directory = join(root, 'kept');
    await buildIndex({ documents, directory });
    const twice = [...documents, { id: 'd0', contents: 'again' }];
    await expect(buildIndex({ documents: twice, directory })).rejects.toThrow(/"d0"/);
    const controller = new AbortController();
    const aborted = buildIndex({
      documents: (async function* () {
        yield* documents;
        controller.abort(new Error('enough'));
        yield* documents.map(({ contents }, index) => ({ id: `e${index}`, contents }));
      })(),
      directory,
      signal: controller.signal,
    });
    await expect(aborted).rejects.toThrow('enough');
    const opened = await loadRetriever({ directory });
    expect(opened.documents).toBe(300);
    await opened.close();
    expect((await readdir(root)).filter((name) => name.startsWith('kept'))).toEqual(['kept']);
  });

  it('refuses settings that do not fit before it reads anything', async () => {
    const directory = join(root, 'never');
    const unread: AsyncIterable<Document> = {
      [Symbol.asyncIterator]: () => {
        throw new Error('read');
      },
    };
    for (const [options, message] of [
      [{ kind: 'bm25', bm25: { b: 2 } }, /BM25 b/],
      [{ kind: 'flat', vectors: { kind: 'hnsw' } }, /use kind hybrid/],
      [{ kind: 'hybrid', fusion: { k: 0 } }, /fusion k/],
      [{ kind: 'hybrid', fusion: { weights: [0, 0] } }, /fusion weights/],
    ] as const) {
      await expect(buildIndex({ documents: unread, directory, ...options })).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(message),
      });
    }
    expect(await readdir(root)).not.toContain('never.building');
  });

  it('refuses an empty corpus', async () => {
    await expect(buildIndex({ documents: [], directory: join(root, 'empty') })).rejects.toThrow(/no passages/);
    expect(await readdir(root)).not.toContain('empty');
  });
});
