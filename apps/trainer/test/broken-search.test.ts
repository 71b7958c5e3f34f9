import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveModel } from '@dgpo/lm';
import type { Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComputePool } from '../src/compute/pool.js';
import { policyStage } from '../src/pipeline/policy-stage.js';
import { type StageModel, stageModel } from '../src/pipeline/stage-model.js';
import { openWorkshop, type Workshop } from '../src/pipeline/workshop.js';
import { rlSchema } from '../src/recipe/rl-section.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { openTinyWorld, optimizeTiny, type TinyWorld, tasks, tinyParameters, withPool } from './tiny-world.js';

let world: TinyWorld;
let root: string;
beforeAll(async () => {
  world = await openTinyWorld();
  root = mkdtempSync(join(tmpdir(), 'dgpo-broken-search-'));
});
afterAll(() => {
  world.close();
  rmSync(root, { recursive: true });
});

/** A pool whose episodes a hand changes, as a search engine out of order does. */
const meddling = (pool: ComputePool, change: (episode: Trajectory) => Trajectory): ComputePool => ({
  ...pool,
  run: async (jobs) => {
    const results = await pool.run(jobs);
    return results.map((result, index) =>
      jobs[index]?.kind === 'episodes' ? (result as Trajectory[]).map(change) : result,
    ) as typeof results;
  },
});

const broken = (episode: Trajectory): Trajectory => ({
  ...episode,
  outcome: { correct: false, reward: 0, answer: null, endedBy: 'error', error: 'retriever: connection refused' },
});

describe('a search engine out of order', () => {
  it('costs the episodes that it refused, and no other', async () => {
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        const { queries } = JSON.parse(text) as { queries: string[] };
        const result = queries.map((query) => [{ document: { id: '0', contents: query }, score: 1 }]);
        if (queries.some((query) => query.includes('flag 1'))) response.writeHead(400).end();
        else response.end(JSON.stringify({ result }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    try {
      await withPool(world, 0, async (pool) => {
        const playground = world.playground(pool);
        const environment = { ...playground.environment, maxTokensPerTurn: 160, maxContextTokens: 800 };
        const play = (maxErrorRate: number) =>
          playEpisodes({
            ...playground,
            environment,
            retriever: { url },
            maxErrorRate,
            policy: 'expert',
            tasks,
            temperature: 0,
            seed: 1,
            batchSize: 1,
          });
        const episodes = await play(0.9);
        expect(episodes.map(({ outcome }) => outcome.endedBy)).toEqual(
          tasks.map((_, index) => (index === 1 ? 'error' : 'answer')),
        );
        expect(episodes[1]?.outcome.error).toMatch(/^retriever: http.*status 400/);
        await expect(play(0.1)).rejects.toMatchObject({
          name: 'RetrieverError',
          message: expect.stringMatching(
            /^http:\/\/127.*: searches failed in 1 of 6 episodes \(retriever: .*status 400.*--resume$/,
          ),
        });
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('leaves nothing of a broken episode in the training or in its figures', async () => {
    const train = (change: (episode: Trajectory) => Trajectory) =>
      withPool(world, 0, (pool) =>
        optimizeTiny(world, pool, { options: { playground: world.playground(meddling(pool, change)) } }),
      );
    const odd = (episode: Trajectory) => (episode.sample % 2 === 1 ? broken(episode) : episode);
    const plain = await train(odd);
    // Had the tokens or the reward of a broken episode any weight, these would show.
    const loud = await train((episode) => {
      if (episode.sample % 2 === 0) return episode;
      const segments = episode.segments.map((segment) =>
        segment.kind === 'policy' ? { ...segment, logProbs: (segment.logProbs ?? []).map(() => -9) } : segment,
      );
      return { ...broken(episode), segments, outcome: { ...broken(episode).outcome, reward: 100 } };
    });
    expect(loud).toEqual(plain);
    expect(plain.metrics.map(({ errors }) => errors)).toEqual([0.5, 0.5]);
    const whole = await train((episode) => episode);
    expect(whole.digests).not.toEqual(plain.digests);
    // An episode that was not the policy's fault does not lower its reward.
    const rewarded = (episode: Trajectory) => ({ ...episode, outcome: { ...episode.outcome, reward: 1 } });
    const { metrics } = await train((episode) => (episode.sample % 2 === 1 ? broken(episode) : rewarded(episode)));
    expect(metrics.map(({ reward }) => reward)).toEqual([1, 1]);
  });

  it('stops the run once it breaks all episodes, with the last update saved', async () => {
    const { config, tokenizer } = world;
    const models: StageModel[] = [];
    for (const [name, seed] of Object.entries({ student: 4, teacher: 2 })) {
      const directory = join(root, name);
      await saveModel({ directory, config, parameters: tinyParameters(world, seed), tokenizer });
      models.push(await stageModel(directory));
    }
    const [student, teacher] = models as [StageModel, StageModel];
    const reporter = {
      stage: () => undefined,
      line: () => undefined,
      progress: () => undefined,
      tracker: () => ({ log: () => undefined, finish: async () => undefined }),
    };
    const settings = rlSchema.parse({
      maxSteps: 4,
      tasksPerStep: 4,
      miniBatchSize: 4,
      microBatchSize: 2,
      saveSteps: 10,
    });
    const run = async (directory: string, resume: boolean, brokenFrom: number) => {
      const workshop = await openWorkshop({ directory, config: {}, resume, engine: 'wasm', workers: 1, reporter });
      try {
        let rollouts = 0;
        const pool: ComputePool = {
          ...workshop.pool,
          run: async (jobs) => {
            if (jobs[0]?.kind === 'episodes') rollouts += 1;
            return meddling(workshop.pool, rollouts >= brokenFrom ? broken : (episode) => episode).run(jobs);
          },
        };
        const changed: Workshop = { ...workshop, pool };
        const playground = world.playground(pool);
        await policyStage({ workshop: changed, name: 'ppo', playground, student, teacher, tasks, settings, seed: 1 });
      } finally {
        await workshop.close();
      }
    };
    const interrupted = join(root, 'interrupted');
    await expect(run(interrupted, false, 3)).rejects.toThrow(/searches failed in 4 of 4 episodes \(retriever: connec/);
    expect(readdirSync(join(interrupted, 'stages/ppo/checkpoints')).join()).toContain('2');
    await run(interrupted, true, Number.POSITIVE_INFINITY);
    const straight = join(root, 'straight');
    await run(straight, false, Number.POSITIVE_INFINITY);
    for (const file of ['metrics.jsonl', 'stages/ppo/model/model.safetensors']) {
      expect(readFileSync(join(interrupted, file)).equals(readFileSync(join(straight, file))), file).toBe(true);
    }
  }, 180_000);
});
