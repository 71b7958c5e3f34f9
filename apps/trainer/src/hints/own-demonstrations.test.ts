import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hintsOf, loadHintStore } from '@dgpo/distill/hints';
import {
  type ActionFormatName,
  createByteTokenizer,
  createScriptedPolicy,
  type EpisodeState,
  runEpisodes,
} from '@dgpo/envs';
import { createHouseholdGames } from '@dgpo/envs/household';
import type { Tokenizer } from '@dgpo/lm';
import { readTrajectories, type Task, type Trajectory } from '@dgpo/trajectory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EpisodesJob } from '../compute/episodes-job.js';
import { openEnvironment } from '../compute/open-environment.js';
import type { StageModel } from '../pipeline/stage-model.js';
import type { Workshop } from '../pipeline/workshop.js';
import { distillSchema } from '../recipe/distill-section.js';
import { hintsSchema } from '../recipe/hints-section.js';
import type { RolloutExecutor } from '../rollout/rollout-executor.js';
import type { Playground } from '../train/play-episodes.js';
import { hintedSets } from './hinted-sets.js';
import { type OwnDemonstrationsOptions, ownDemonstrations } from './own-demonstrations.js';

type Script = (state: EpisodeState, expert: () => string) => string;

const bytes = createByteTokenizer();
/** As much of a model's tokenizer as is read here. */
const tokenizer = { ...bytes, decode: (ids: readonly number[]) => bytes.decode(ids) } as Tokenizer;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dgpo-hints-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Plays a script in the place of the workers. */
function scriptedExecutor(script: Script, afterJob: () => void): RolloutExecutor {
  const play = async (job: EpisodesJob) => {
    const { environment } = await openEnvironment({ settings: job.environment, retriever: undefined });
    const policy = createScriptedPolicy({
      tokenizer,
      script: (state) => script(state, () => environment.oracle?.(state) ?? ''),
    });
    const { tasks, samplesPerTask, temperature, seed, batchSize } = job;
    const episodes = await runEpisodes({ environment, policy, tasks, samplesPerTask, temperature, seed, batchSize });
    afterJob();
    return episodes;
  };
  return {
    parallel: 1,
    run: (jobs) => Promise.all(jobs.map((job) => play(job as EpisodesJob))) as Promise<never[]>,
    publish: async () => undefined,
    close: async () => undefined,
  };
}

const games = createHouseholdGames({ seed: 1, perFamily: 1 });

/** A run of one stage with a scripted model; only what is read here is there. */
function setUp(options: {
  script: Script;
  demonstrator?: 'self' | 'hinted';
  /** Of the commands. */
  format?: ActionFormatName;
  tasks?: readonly Task[];
  run?: string;
  afterJob?: () => void;
  signal?: AbortSignal;
}) {
  const { script, demonstrator = 'hinted', format = 'react', tasks = games, run = 'run', signal } = options;
  const { afterJob = () => undefined } = options;
  const lines: string[] = [];
  const ran: string[] = [];
  const pool = { parallel: 1, run: async () => [], broadcast: async () => undefined, close: async () => undefined };
  const reporter = {
    stage: (name: string, text: string) => ran.push(`${name}: ${text}`),
    line: (text: string) => lines.push(text),
    progress: () => undefined,
  };
  const workshop = { run: { path: join(folder, run) }, pool, reporter, signal } as unknown as Workshop;
  const playground = {
    pool,
    executor: scriptedExecutor(script, afterJob),
    tokenizer: '',
    environment: {
      ...{ kind: 'household', format, maxTurns: 50 },
      ...{ maxTokensPerTurn: 400, maxObservationTokens: 4000, maxContextTokens: 200_000 },
    },
  } as unknown as Playground;
  const weights = { config: {}, parameters: new Float32Array(0), tokenizer };
  const policy = { directory: '', key: 'scripted', weights } as unknown as StageModel;
  const request: OwnDemonstrationsOptions = {
    ...{ workshop, playground, policy, policyName: 'base', tasks, seed: 1 },
    settings: distillSchema.parse({ objective: 'sft', demonstrator, temperature: 0 }),
    hints: hintsSchema.parse({}),
  };
  return { request, lines, ran };
}

/** Stands still without hints, and does what the expert does with them. */
const followsHints: Script = ({ task }, expert) =>
  hintsOf(task).length > 0 ? expert() : 'Thought: I wait.\nAction: examine fridge 9';

async function kept(path: string): Promise<Trajectory[]> {
  const episodes: Trajectory[] = [];
  for await (const episode of readTrajectories(path)) episodes.push(episode);
  return episodes;
}

describe('a base that fails alone and follows hints', () => {
  test('gives episodes of its own with hints, without a trace of them', async () => {
    const { request, lines } = setUp({ script: followsHints });
    const { episodes, hinted, problem } = await ownDemonstrations(request);
    expect(problem).toBeUndefined();
    expect(episodes.statistics).toEqual({
      samples: 6,
      kept: 6,
      dropped: { failed: 0, error: 0, 'invalid-actions': 0, 'hint-traces': 0, surplus: 0 },
    });
    expect(lines).toContain('base succeeded in 0 of 6 training episodes');
    expect(lines).toContain('base with hints succeeded in 6 of 6 training episodes');
    expect(hinted).toMatchObject({ name: 'base', stored: { failures: 6 } });

    // The prompts are those of tasks that never had a hint, token by token.
    const { environment } = await openEnvironment({
      settings: request.playground.environment,
      retriever: undefined,
    });
    const data = await kept(episodes.path);
    expect(data.map(({ task }) => task)).toEqual(games);
    for (const { segments, task } of data) {
      expect(segments[0]).toEqual(environment.start({ task, tokenizer }).segments[0]);
    }
    const store = await loadHintStore(hinted?.stored.path ?? '');
    const [hint = ''] = store.categories.flatMap(({ hints }) => hints.map(({ text }) => text));
    expect(hint).not.toBe('');
    expect(readFileSync(episodes.path, 'utf8')).not.toContain(hint);
    const hintedRollouts = readFileSync(join(folder, 'run/stages/base-hinted-rollouts/episodes.jsonl'), 'utf8');
    expect(hintedRollouts).toContain(hint);
  });

  test('has no successes of its own', async () => {
    const { request } = setUp({ script: followsHints, demonstrator: 'self' });
    const { episodes, hinted, problem } = await ownDemonstrations(request);
    expect(problem).toBe('base succeeded in none of 6 training episodes');
    expect(episodes.statistics.dropped.failed).toBe(6);
    expect(hinted).toBeUndefined();
  });

  test('is measured with hints of training tasks on other tasks', async () => {
    const { request } = setUp({ script: followsHints });
    const { hinted } = await ownDemonstrations(request);
    if (hinted === undefined) throw new Error('no hints');
    const unseen = createHouseholdGames({ seed: 2, perFamily: 1, split: 'valid_unseen' });
    const { workshop, playground, hints: settings } = request;
    const sets = [{ name: 'unseen rooms', tasks: unseen }];
    const given = await hintedSets({ workshop, playground, hinted, settings, sets });
    const [set] = given.sets;
    expect(set?.tasks.map(({ id }) => id)).toEqual(unseen.map(({ id }) => id));
    for (const task of set?.tasks ?? []) expect(hintsOf(task).length).toBeGreaterThan(0);
    expect([...(given.tokens.get('unseen rooms') ?? [])]).toEqual([]);
  });

  test('comes to the same bytes after interrupts between and inside stages', async () => {
    const files = ['base-rollouts/episodes.jsonl', 'base-hints/store.json', 'base-hinted-tasks/hints.jsonl'];
    files.push('base-hinted-rollouts/episodes.jsonl', 'base-hinted-successes/kept.jsonl');
    const read = (run: string) => files.map((file) => readFileSync(join(folder, run, 'stages', file), 'utf8'));
    await ownDemonstrations(setUp({ script: followsHints, run: 'whole' }).request);
    // A job for the rollouts, one for those with hints.
    for (const stop of [1, 2]) {
      const run = `stopped-${stop}`;
      const controller = new AbortController();
      let jobs = 0;
      const afterJob = () => {
        jobs += 1;
        if (jobs === stop) controller.abort(new Error('stopped'));
      };
      const { signal } = controller;
      await expect(ownDemonstrations(setUp({ script: followsHints, run, afterJob, signal }).request)).rejects.toThrow(
        'stopped',
      );
      await ownDemonstrations(setUp({ script: followsHints, run }).request);
      expect(read(run)).toEqual(read('whole'));
    }
    // Killed while it writes a line: every stage once.
    for (const file of [...files, 'base-hints/records.jsonl']) {
      const path = join(folder, 'stopped-1/stages', file);
      rmSync(join(dirname(path), 'stage.json'), { force: true });
      truncateSync(path, Math.floor(statSync(path).size / 2));
    }
    await ownDemonstrations(setUp({ script: followsHints, run: 'stopped-1' }).request);
    expect(read('stopped-1')).toEqual(read('whole'));
  });
});

test('an episode that quotes its hint is not learned from', async () => {
  const quotes: Script = ({ task, turn }, expert) => {
    const [hint] = hintsOf(task);
    if (hint === undefined) return 'Action: look';
    return turn === 0 && task.id === games[0]?.id ? `Thought: ${hint}\n${expert()}` : expert();
  };
  const { request, lines } = setUp({ script: quotes });
  const { episodes } = await ownDemonstrations(request);
  expect(episodes.statistics).toMatchObject({ kept: 5, dropped: { 'hint-traces': 1 } });
  expect(lines).toContain('1 successes speak of their hints and are left out');
});

test('in StateAct too, where a thought that follows the advice is a trace', async () => {
  const [speaks, waits] = [games[0]?.id, games[1]?.id];
  const turnOf = (thought: string, action: string) =>
    `goal: do it\nstate: None\nthought: ${thought}\naction: ${action}\nobservation:`;
  const script: Script = ({ task, turn }, expert) => {
    if (hintsOf(task).length === 0) return turnOf('I wait', 'examine fridge 9');
    const written = expert();
    if (turn > 0) return written;
    if (task.id === speaks) return written.replace(/^thought: .*$/m, 'thought: follow the advice above');
    return task.id === waits ? turnOf('I look', 'look') : written;
  };
  const { request, lines } = setUp({ script, format: 'stateact' });
  const { episodes, hinted } = await ownDemonstrations(request);
  expect(lines).toContain('base succeeded in 0 of 6 training episodes');
  expect(lines).toContain('base with hints succeeded in 6 of 6 training episodes');
  expect(hinted?.stored).toMatchObject({ failures: 6 });
  expect(episodes.statistics).toMatchObject({ kept: 5, dropped: { 'hint-traces': 1 } });
  const { environment } = await openEnvironment({ settings: request.playground.environment, retriever: undefined });
  const data = await kept(episodes.path);
  expect(data.map(({ task }) => task)).toEqual(games.filter(({ id }) => id !== speaks));
  for (const { actions, segments, task } of data) {
    expect(segments[0]).toEqual(environment.start({ task, tokenizer }).segments[0]);
    expect(segments[0]?.text).toContain('"thought:"');
    expect(segments[1]?.text).toMatch(/^goal: .*\nstate: .*\nthought: .*\naction: .*\nobservation:$/);
    expect(segments.every(({ logProbs }) => logProbs === undefined)).toBe(true);
    expect(actions.every(({ command, executed }) => command !== undefined && executed)).toBe(true);
  }
  const hintedRollouts = readFileSync(join(folder, 'run/stages/base-hinted-rollouts/episodes.jsonl'), 'utf8');
  expect(hintedRollouts).toContain('End of advice.');
  expect(readFileSync(episodes.path, 'utf8')).not.toMatch(/advice/i);
});

test('a base that never fails learns its successes, without hints', async () => {
  const { request, lines } = setUp({ script: (_, expert) => expert() });
  const { episodes, hinted } = await ownDemonstrations(request);
  expect(hinted?.stored).toMatchObject({ failures: 0, hints: 0 });
  expect(lines).toContain('base did not fail: there are no hints, and it learns from what it can');
  expect(episodes.statistics.kept).toBe(6);
});

test('a base that hints do not help says so', async () => {
  const { request } = setUp({ script: () => 'Action: look' });
  const { problem } = await ownDemonstrations(request);
  expect(problem).toBe('base with hints succeeded in none of 6 training episodes');
});

test('failures without a hint, and tasks without a family, are errors', async () => {
  // Cut off in the first sentence: no rule has anything to say about an episode without a turn.
  const { request } = setUp({ script: followsHints });
  const playground = {
    ...request.playground,
    environment: { ...request.playground.environment, maxContextTokens: 10 },
  } as Playground;
  await expect(ownDemonstrations({ ...request, playground })).rejects.toThrow(/none of 6 failures gave a hint/);
  const nameless = games.map(({ metadata, ...task }): Task => {
    const { type: _, ...rest } = metadata ?? {};
    return { ...task, metadata: rest };
  });
  const other = setUp({ script: followsHints, tasks: nameless, run: 'nameless' });
  await expect(ownDemonstrations(other.request)).rejects.toThrow(/no task says its family/);
});

test('a search gives no hints', async () => {
  const { request } = setUp({ script: followsHints });
  const environment = { topK: 1, maxSearches: 1, maxTokensPerTurn: 9, maxObservationTokens: 9, maxContextTokens: 99 };
  await expect(ownDemonstrations({ ...request, playground: { ...request.playground, environment } })).rejects.toThrow(
    /household or webshop/,
  );
});

test('a model behind a server writes and chooses hints, with the key of the environment', async () => {
  const hint = 'Take the {object} before you go to the {container}.';
  const keys = new Set<string | undefined>();
  let chosen = 0;
  const server = createServer((request, response) => {
    keys.add(request.headers.authorization);
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const writes = body.includes('review failed attempts');
      chosen += writes ? 0 : 1;
      const content = JSON.stringify(writes ? { hints: [{ category: 'any', text: hint }] } : { answer: [1] });
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 7, completion_tokens: 3 },
        }),
      );
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  process.env.HINT_TEST_KEY = 'secret';
  try {
    const { port } = server.address() as AddressInfo;
    const { request, lines } = setUp({ script: followsHints });
    const settings = hintsSchema.parse({
      ...{ writer: 'server', retrieval: 'server', url: `http://127.0.0.1:${port}`, name: 'adviser', k: 1 },
      apiKeyVariable: 'HINT_TEST_KEY',
    });
    const { episodes, hinted } = await ownDemonstrations({ ...request, hints: settings });
    expect(episodes.statistics.kept).toBe(6);
    // One for each family.
    expect(lines).toContain('6 hints from 6 failures');
    if (hinted === undefined) throw new Error('no hints');
    const { workshop, playground } = request;
    const { sets, tokens } = await hintedSets({
      ...{ workshop, playground, hinted, settings },
      sets: [{ name: 'held-out', tasks: games.slice(0, 2) }],
    });
    expect(sets[0]?.tasks.map(hintsOf)).toEqual([[hint], [hint]]);
    expect([...(tokens.get('held-out')?.values() ?? [])]).toEqual([10, 10]);
    expect(chosen).toBe(8);
    expect([...keys]).toEqual(['Bearer secret']);
    const stored = readFileSync(join(folder, 'run/stages/base-hints/stage.json'), 'utf8');
    expect(stored).not.toContain('secret');
  } finally {
    delete process.env.HINT_TEST_KEY;
    server.close();
  }
});
