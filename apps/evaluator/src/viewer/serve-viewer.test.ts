import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { put, putRuns, record } from './__fixtures__/viewer-runs.js';
import type {
  ApiErrorReply,
  EpisodeReply,
  EpisodesReply,
  MetricsReply,
  RunsReply,
  SameQuestionReply,
  TablesReply,
} from './api.js';
import { type RunningViewer, serveViewer } from './serve-viewer.js';

const root = mkdtempSync(join(tmpdir(), 'dgpo-viewer-'));
const page = join(root, 'page');
const runs = join(root, 'runs');
let viewer: RunningViewer;

beforeAll(async () => {
  put(page, 'index.html', '<!doctype html><title>Viewer</title>');
  put(page, 'assets/page-1.js', 'export {};');
  putRuns(runs);
  put(root, 'secret.jsonl', [record({ id: 'secret' })]);
  viewer = await serveViewer({ directory: runs, pageDirectory: page, interval: 20 });
  await indexed('eval/baseline', 2);
});

afterAll(async () => {
  await viewer.close();
  rmSync(root, { recursive: true });
});

async function get<Reply>(path: string, at = viewer): Promise<Reply> {
  const response = await fetch(`${at.url}${path}`);
  return (await response.json()) as Reply;
}

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
const episodesOf = (run: string, more: Record<string, string> = {}, at = viewer) =>
  get<EpisodesReply>(`/api/episodes?${query({ run, ...more })}`, at);

/** Waits until something holds; the timeout of the test ends it otherwise. */
async function until<Value>(look: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    await delay(10);
  }
}

const indexed = (run: string, count: number) =>
  until(
    () => episodesOf(run),
    ({ episodes, progress }) => episodes === count && progress.isComplete,
  );

/** A request with headers that `fetch` does not let through. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(viewer.url);
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject).end();
  });
}

describe('runs', () => {
  test('are found by what lies in a folder, parents first', async () => {
    const { directory, runs: found } = await until(
      () => get<RunsReply>('/api/runs'),
      (reply) => reply.runs.every(({ progress }) => progress.isComplete),
    );
    expect(directory).toBe(runs);
    expect(found.map(({ id, name, kind, parent, episodes }) => [id, name, kind, parent, episodes])).toEqual([
      ['eval/baseline', 'baseline', 'evaluation', null, 2],
      ['eval/candidate', 'candidate', 'evaluation', null, 2],
      ['logs/mine.jsonl', 'logs/mine', 'log', null, 1],
      ['train', 'train', 'training', null, 3],
      ['train/stages/evaluation-cold-start', 'cold-start', 'evaluation', 'train', 1],
    ]);
    expect(found.map(({ hasCurves }) => hasCurves)).toEqual([false, false, false, true, false]);
    expect(found[0]?.figures).toContainEqual({
      name: 'exactMatch',
      value: 0.5,
      interval: { mean: 0.5, low: 0.4, high: 0.6, count: 2 },
    });
    expect(found[3]?.figures).toEqual([
      { name: 'reward', value: 0.5 },
      { name: 'kl', value: 0.125 },
    ]);
  });

  test('have curves; what is no number is a gap', async () => {
    const { names, series } = await until(
      () => get<MetricsReply>('/api/metrics?run=train'),
      (reply) => reply.names.length === 4,
    );
    expect(names).toEqual(['loss', 'reward', 'kl', 'step_time']);
    expect(series).toContainEqual({ name: 'kl', stage: 'dgpo', steps: [1, 2], values: [null, 0.125], count: 2 });
    const { series: chosen } = await get<MetricsReply>('/api/metrics?run=train&name=loss');
    expect(chosen.map(({ name }) => name)).toEqual(['loss']);
  });

  test('whose cost is damaged say so', async () => {
    const folder = join(root, 'damaged');
    putRuns(folder);
    put(folder, 'eval/candidate/cost.json', '{"formatVersion": 1}');
    const own = await serveViewer({ directory: folder, pageDirectory: page, interval: 20 });
    try {
      const { runs: found } = await until(
        () => get<RunsReply>('/api/runs', own),
        (reply) => reply.runs.some(({ problemCount }) => problemCount > 0),
      );
      expect(found.filter(({ problemCount }) => problemCount > 0).map(({ id }) => id)).toEqual(['eval/candidate']);
    } finally {
      await own.close();
    }
  });

  test('have tables, and counts of the questions that two share', async () => {
    const { tables } = await get<TablesReply>('/api/tables?run=eval/baseline');
    expect(tables.map(({ title }) => title)).toEqual(['Results', 'Episodes', 'Cost of a question']);
    expect(tables[0]?.columns.map(({ header, format }) => [header, format])).toEqual([
      ['set', 'text'],
      ['exact match', 'percent'],
      ['executed searches', 'number'],
    ]);
    // Of two episodes one is right, both answer, with two searches and one, 3 + 3 + 2 and 3 + 2 tokens.
    expect(tables[1]?.rows.at(-1)).toEqual(['all', 2, 0.5, 1, 1.5, 6.5, 0, 0, 0]);
    // 13 tokens, 5 calls and 3 searches of 2 questions; what was read is not known.
    expect(tables[2]?.rows).toEqual([['peru', 1.5, 6.5, null, 2.5, 1.5, 13 / 3, 1024, 0]]);
    expect(tables[2]?.notes).toEqual([
      'Cost measured on wasm: 2 episodes in 3 s of wall time; peak memory is the whole process.',
    ]);
    const compared = await get<TablesReply>('/api/tables?run=eval/baseline&run=eval/candidate');
    // The runs disagree on one question: p is 2 · 1/2 = 1.
    expect(compared.comparisons).toEqual([
      {
        first: 'eval/baseline',
        second: 'eval/candidate',
        sharedQuestions: 2,
        bothCorrect: 1,
        onlyFirstCorrect: 0,
        onlySecondCorrect: 1,
        neitherCorrect: 0,
        pValue: 1,
      },
    ]);
    expect(compared.tables.map(({ title }) => title)).toEqual(['Results on peru', 'Episodes', 'Cost of a question']);
    expect(compared.tables[2]?.rows.map(([name]) => name)).toEqual(['baseline']);
  });
});

describe('episodes', () => {
  test('are listed, searched, filtered and paged', async () => {
    const all = await indexed('eval/baseline', 2);
    expect(all.rows.map(({ key, correct, searches }) => [key, correct, searches])).toEqual([
      ['samples_peru.jsonl:1', false, 2],
      ['samples_peru.jsonl:2', true, 1],
    ]);
    expect(all.facets).toMatchObject({ set: [{ value: 'peru', count: 2 }], maxSearches: 2 });
    const count = async (more: Record<string, string>) => (await episodesOf('eval/baseline', more)).total;
    expect(await count({ search: 'PERU inti' })).toBe(1);
    expect(await count({ search: '"two words"' })).toBe(1);
    expect(await count({ search: '"words two"' })).toBe(0);
    expect(await count({ correct: 'true' })).toBe(1);
    expect(await count({ minSearches: '2', maxSearches: '5' })).toBe(1);
    expect(await count({ group: '2 hops' })).toBe(1);
    expect(await count({ endedBy: 'turns' })).toBe(0);
    expect(await count({ disagreesWith: 'eval/candidate' })).toBe(1);
    const page = await episodesOf('eval/baseline', { sort: 'searches', offset: '1', limit: '1' });
    expect([page.total, page.rows.map(({ searches }) => searches)]).toEqual([2, [2]]);
  });

  test('of a training are ordered by update and filtered by it', async () => {
    const { rows, facets } = await indexed('train', 3);
    expect(rows.map(({ key }) => key)).toEqual([
      'traces/dgpo-2.jsonl:1',
      'traces/dgpo-10.jsonl:1',
      'traces/dgpo-10.jsonl:2',
    ]);
    expect(facets.step).toEqual([
      { value: '2', count: 1 },
      { value: '10', count: 2 },
    ]);
    expect((await episodesOf('train', { step: '10', stage: 'dgpo' })).total).toBe(2);
  });

  test('are shown whole, with what an update recorded of each token', async () => {
    const shown = await get<EpisodeReply>(`/api/episode?${query({ run: 'train', key: 'traces/dgpo-10.jsonl:1' })}`);
    expect(shown.recorded).toEqual({ text: false, logProb: true, teacherKl: true, advantage: true });
    expect(shown.isGated).toBe(true);
    expect(shown.failure).toMatchObject({ cause: 'evidence-not-used', turn: 0, passage: 'p0' });
    expect([shown.previous, shown.next]).toEqual([null, 'traces/dgpo-10.jsonl:2']);
    const [prompt, search, , answer] = shown.segments;
    expect(prompt?.tokens?.map(({ mask, advantage }) => [mask, advantage])).toEqual([
      [0, null],
      [0, null],
    ]);
    // log π − log π_teacher: −0.5 + 0.75, then 0 and 0.
    expect(search?.tokens?.map(({ logProb, teacherKl, advantage }) => [logProb, teacherKl, advantage])).toEqual([
      [-0.5, 0.25, 1],
      [-0.25, 0, 2],
      [-0.125, 0, 3],
    ]);
    // −1 + 4 and −2 + 0.5.
    expect(answer?.tokens?.map(({ teacherKl, advantage }) => [teacherKl, advantage])).toEqual([
      [3, 4],
      [-1.5, 5],
    ]);
    expect(shown.actions[0]?.passages).toEqual([
      {
        id: 'p0',
        title: 'Peru',
        text: 'The sol is the money of Peru.',
        score: 2.5,
        holdsAnswer: true,
        isSupporting: true,
      },
    ]);
    expect(shown.measures).toMatchObject({ exactMatch: 0, anyQueryAnswerHit: 1, executedSearches: 1 });
  });

  test('without a record have none; a stage is read too', async () => {
    const path = `/api/episode?${query({ run: 'train/stages/evaluation-cold-start', key: 'evaluation.json:1' })}`;
    const shown = await get<EpisodeReply>(path);
    expect(shown.recorded).toEqual({ text: false, logProb: true, teacherKl: false, advantage: false });
    expect([shown.isGated, shown.goldenAnswers, shown.row.set]).toEqual([null, ['sol'], 'peru']);
  });

  test('of one question are found in every run, their own first', async () => {
    const path = `/api/same-question?${query({ run: 'eval/candidate', key: 'samples_peru.jsonl:1' })}`;
    const { taskId, episodes } = await get<SameQuestionReply>(path);
    expect(taskId).toBe('a');
    expect(episodes.map(({ run, row }) => [run, row.correct])).toEqual([
      ['eval/baseline', false],
      ['train', false],
      ['train/stages/evaluation-cold-start', true],
    ]);
  });
});

describe('files that change', () => {
  const folder = join(root, 'live');
  let live: RunningViewer;
  afterEach(async () => {
    await live.close();
    rmSync(folder, { recursive: true });
  });
  const start = async (lines: object[], run = 'log.jsonl') => {
    put(folder, run, lines);
    live = await serveViewer({ directory: folder, pageDirectory: page, interval: 20 });
  };
  const ids = (run: string, wanted: string[]) =>
    until(
      () => episodesOf(run, {}, live),
      ({ rows }) => rows?.map(({ taskId }) => taskId).join() === wanted.join(),
    );

  test('grow: a half-written line waits for its rest', async () => {
    await start([record({ id: 'a' })]);
    await ids('log.jsonl', ['a']);
    const line = JSON.stringify(record({ id: 'b' }));
    appendFileSync(join(folder, 'log.jsonl'), line.slice(0, 100));
    const waiting = await until(
      () => episodesOf('log.jsonl', {}, live),
      ({ problemCount }) => problemCount === 1,
    );
    expect(waiting.problems).toEqual([
      { file: 'log.jsonl', line: 2, reason: 'is not complete; it waits for the rest' },
    ]);
    appendFileSync(join(folder, 'log.jsonl'), `${line.slice(100)}\n${JSON.stringify(record({ id: 'c' }))}`);
    const { problemCount, rows } = await ids('log.jsonl', ['a', 'b', 'c']);
    expect([problemCount, rows.map(({ key }) => key)]).toEqual([0, ['log.jsonl:1', 'log.jsonl:2', 'log.jsonl:3']]);
    // The last line had no end; its number stays what it is.
    appendFileSync(join(folder, 'log.jsonl'), `\n${JSON.stringify(record({ id: 'd' }))}\n`);
    expect((await ids('log.jsonl', ['a', 'b', 'c', 'd'])).rows.at(-1)?.key).toBe('log.jsonl:4');
  });

  test('that are cut, replaced or rewritten are read anew', async () => {
    await start([record({ id: 'a' }), record({ id: 'b' })]);
    await ids('log.jsonl', ['a', 'b']);
    put(folder, 'log.jsonl', [record({ id: 'b' })]);
    await ids('log.jsonl', ['b']);
    put(folder, 'log.jsonl', [record({ id: 'e' }), record({ id: 'f' }), record({ id: 'g' })]);
    await ids('log.jsonl', ['e', 'f', 'g']);
    put(folder, 'other.tmp', [record({ id: 'h' }), record({ id: 'f' }), record({ id: 'g' }), record({ id: 'i' })]);
    renameSync(join(folder, 'other.tmp'), join(folder, 'log.jsonl'));
    await ids('log.jsonl', ['h', 'f', 'g', 'i']);
  });

  test('appear while it runs, and their listeners are told', async () => {
    await start([record({ id: 'a' })]);
    const abort = new AbortController();
    const response = await fetch(`${live.url}/api/events`, { signal: abort.signal });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let heard = '';
    const listening = (async () => {
      const decoder = new TextDecoder();
      for await (const part of response.body ?? []) heard += decoder.decode(part as Uint8Array);
    })().catch(() => undefined);
    put(folder, 'run/metrics.jsonl', [{ stage: 'dgpo', step: 1, reward: 1 }]);
    await until(
      async () => heard,
      (text) => text.match(/event: runs\n/g)?.length === 2,
    );
    appendFileSync(join(folder, 'run/metrics.jsonl'), '{"stage":"dgpo","step":2,"reward":2}\n');
    await until(
      async () => heard,
      (text) => text.includes('"id":"run"') && text.includes('"changed":["metrics"]'),
    );
    abort.abort();
    await listening;
  });

  test('have their damaged lines counted with line and reason', async () => {
    const { outcome: _, ...unfinished } = record({ id: 'b' });
    await start([record({ id: 'a' }), unfinished, { ...record({ id: 'c' }), actions: 7 }]);
    appendFileSync(join(folder, 'log.jsonl'), `{"id": \n\n${JSON.stringify(record({ id: 'd' }))}\n`);
    const { problems, problemCount } = await ids('log.jsonl', ['a', 'd']);
    expect(problemCount).toBe(3);
    expect(problems).toEqual([
      { file: 'log.jsonl', line: 2, reason: 'outcome: expected an object' },
      { file: 'log.jsonl', line: 3, reason: 'actions: expected a list' },
      { file: 'log.jsonl', line: 4, reason: 'is not JSON' },
    ]);
  });

  test('have the causes of their failures once those are found', async () => {
    put(folder, 'log.jsonl', [record({ id: 'a' }), record({ id: 'b', correct: false, answer: 'inti' })]);
    live = await serveViewer({ directory: folder, pageDirectory: page, interval: 20 });
    const { rows, facets, progress } = await until(
      () => episodesOf('log.jsonl', {}, live),
      (reply) => reply.progress.causesKnown === 1,
    );
    expect(rows.map(({ cause }) => cause)).toEqual([null, 'evidence-not-used']);
    expect([facets.cause, progress.causesTotal]).toEqual([[{ value: 'evidence-not-used', count: 1 }], 1]);
    expect((await episodesOf('log.jsonl', { cause: 'evidence-not-used' }, live)).total).toBe(1);
  });
});

describe('requests', () => {
  const message = ({ text }: { text: string }) => (JSON.parse(text) as ApiErrorReply).error.message;

  test('get the page, with headers that keep it to itself', async () => {
    const { status, headers, text } = await send('/');
    expect([status, text]).toEqual([200, '<!doctype html><title>Viewer</title>']);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect((await send('/episodes/of/a/run')).text).toContain('<title>Viewer');
    expect((await send('/assets/page-1.js')).headers['cache-control']).toContain('immutable');
  });

  test.each(['/../secret.jsonl', '/%2e%2e/secret.jsonl', '/assets/..%2f..%2fsecret.jsonl', '/assets/none.js'])(
    'for %s outside the page find nothing',
    async (path) => {
      expect((await send(path)).status).toBe(404);
    },
  );

  test.each([
    ['run=../secret.jsonl', 404],
    ['run=%2Fetc%2Fpasswd', 404],
    ['run=', 400],
    ['run=eval/baseline&limit=501', 400],
    ['run=eval/baseline&limit=-1', 400],
    ['run=eval/baseline&sort=size', 400],
    ['run=eval/baseline&correct=maybe', 400],
    ['run=eval/baseline&endedBy=rain', 400],
    [`run=eval/baseline&search=${'x'.repeat(501)}`, 400],
    ['run=eval/baseline&disagreesWith=none', 404],
  ])('for episodes with %s are refused', async (parameters, status) => {
    const answer = await send(`/api/episodes?${parameters}`);
    expect(answer.status).toBe(status);
    expect(message(answer)).not.toBe('');
  });

  test.each(['../../secret.jsonl:1', 'samples_peru.jsonl:3', 'samples_peru.jsonl:x', 'results.json:1'])(
    'for the episode %s find none',
    async (key) => {
      expect((await send(`/api/episode?${query({ run: 'eval/baseline', key })}`)).status).toBe(404);
    },
  );

  test('of pages from elsewhere are refused', async () => {
    const { host } = new URL(viewer.url);
    expect((await send('/api/runs', { Host: 'evil.example' })).status).toBe(403);
    expect((await send('/api/runs', { Host: '127.0.0.1:1' })).status).toBe(403);
    expect((await send('/', { Host: host, Origin: 'http://evil.example' })).status).toBe(403);
    expect((await send('/', { Host: host, Origin: 'http://localhost:1' })).status).toBe(403);
    expect((await send('/api/runs', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' })).status).toBe(
      403,
    );
    expect((await send('/', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' })).status).toBe(200);
    expect((await send('/api/runs', { Host: host.replace('127.0.0.1', 'localhost') })).status).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('of method %s are refused', async (method) => {
    const { status, headers } = await send('/api/runs', {}, method);
    expect([status, headers.allow]).toEqual([405, 'GET']);
  });
});

test('links that lead out of the folder are not followed', async () => {
  const folder = join(root, 'links');
  mkdirSync(folder);
  symlinkSync(join(root, 'secret.jsonl'), join(folder, 'inner.jsonl'));
  symlinkSync(root, join(folder, 'above'));
  symlinkSync(folder, join(folder, 'again'));
  put(folder, 'own.jsonl', [record()]);
  symlinkSync(join(folder, 'own.jsonl'), join(folder, 'same.jsonl'));
  const linked = await serveViewer({ directory: folder, pageDirectory: page, interval: 20 });
  try {
    const { runs: found } = await get<RunsReply>('/api/runs', linked);
    expect(found.map(({ id }) => id)).toEqual(['own.jsonl', 'same.jsonl']);
  } finally {
    await linked.close();
  }
});

test('what cannot be served is a clear error', async () => {
  await expect(serveViewer({ directory: join(root, 'none'), pageDirectory: page })).rejects.toThrow('no such folder');
  await expect(serveViewer({ directory: join(root, 'secret.jsonl'), pageDirectory: page })).rejects.toThrow(
    'is a file; give the folder that it lies in',
  );
  await expect(serveViewer({ directory: runs, pageDirectory: join(root, 'none') })).rejects.toThrow(
    'the page of the viewer is not built; run npm run build:viewer -w @dgpo/evaluator',
  );
  const { port } = new URL(viewer.url);
  await expect(serveViewer({ directory: runs, pageDirectory: page, port: Number(port) })).rejects.toThrow(
    'choose another port with --port',
  );
  const empty = join(root, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'notes.jsonl'), '');
  const nothing = await serveViewer({ directory: empty, pageDirectory: page, interval: 20 });
  expect((await get<RunsReply>('/api/runs', nothing)).runs).toEqual([]);
  await nothing.close();
});
