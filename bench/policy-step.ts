import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDecoder, getParameters, loadModel, parameterCount, setParameters } from '@dgpo/lm';
import { createBm25Retriever } from '@dgpo/retriever';
import {
  atlasTasks,
  type ComputePool,
  createAtlas,
  createTrainedModel,
  episodeRow,
  optimizePolicy,
} from '@dgpo/trainer';
import { demoSettings } from '../apps/trainer/src/demo/demo-presets.js';
import { atlasEnvironment } from '../apps/trainer/src/demo/demo-settings.js';
import { median } from './measure.js';
import type { BenchSettings } from './settings.js';

export interface PolicyStepFigures {
  /** Parameters of student, critic and teacher, each. */
  parameters: number;
  episodes: number;
  /** Seconds of one update, and of its phases. */
  seconds: number;
  phases: { rollout: number; scoring: number; gradients: number; rest: number };
  /** Tokens of all episodes, and those of them that the policy sampled. */
  tokens: number;
  sampledTokens: number;
}

const phaseOf = { episodes: 'rollout', score: 'scoring', policy: 'gradients', value: 'gradients' } as const;

/** A pool that adds up how long jobs of each phase were under way. */
function timedPool(pool: ComputePool): { pool: ComputePool; take: () => Record<string, number> } {
  const seconds: Record<string, number> = {};
  const active: Record<string, { count: number; since: number }> = {};
  return {
    pool: {
      ...pool,
      run: async (jobs) => {
        const phase = phaseOf[jobs[0]?.kind as keyof typeof phaseOf];
        active[phase] ??= { count: 0, since: 0 };
        const state = active[phase];
        if (state.count === 0) state.since = performance.now();
        state.count += 1;
        try {
          return await pool.run(jobs);
        } finally {
          state.count -= 1;
          if (state.count === 0) seconds[phase] = (seconds[phase] ?? 0) + (performance.now() - state.since) / 1000;
        }
      },
    },
    take: () => {
      const taken = { ...seconds };
      for (const phase of Object.keys(seconds)) delete seconds[phase];
      return taken;
    },
  };
}

/**
 * Updates of DGPO as the demo makes them: rollout against a real index, scoring by critic and teacher, updates of policy and critic.
 * The shipped teacher plays the student too: from the first update on it writes episodes as a trained policy does.
 */
export async function policyStepFigures(options: {
  settings: BenchSettings;
  pool: ComputePool;
}): Promise<PolicyStepFigures> {
  const { inventedCountries, tasksPerStep, updates } = options.settings.policy;
  const directory = fileURLToPath(new URL('../apps/trainer/assets/teacher', import.meta.url));
  const { config, parameters } = await loadModel({ directory });
  const work = await mkdtemp(join(tmpdir(), 'dgpo-bench-'));
  try {
    const atlas = createAtlas({ seed: 0, inventedCountries });
    await createBm25Retriever({ documents: [...atlas.corpus] }).save(join(work, 'index'));
    const { pool, take } = timedPool(options.pool);
    await pool.broadcast({ kind: 'model', name: 'teacher', config, valueHead: false, weights: parameters });
    const student = await createTrainedModel({ pool, name: 'student', config, parameters });
    const body = createDecoder({ config, valueHead: true });
    const withHead = (await getParameters(body)).slice();
    withHead.set(parameters);
    setParameters(body, withHead);
    const critic = await createTrainedModel({ pool, name: 'critic', config, parameters: withHead, valueHead: true });
    body.dispose();
    const { rl } = demoSettings('full');
    const measured: PolicyStepFigures[] = [];
    take();
    let start = performance.now();
    await optimizePolicy({
      playground: {
        pool,
        tokenizer: directory,
        retriever: { directory: join(work, 'index') },
        environment: atlasEnvironment,
      },
      student,
      critic,
      reference: 'teacher',
      tasks: atlasTasks({ atlas, split: 'train', count: tasksPerStep * (updates + 1), seed: 1 }),
      settings: {
        ...rl,
        tasksPerStep,
        miniBatchSize: tasksPerStep / 2,
        microBatchSize: Math.min(rl.microBatchSize, tasksPerStep / 2),
        maxSteps: updates + 1,
        guidance: { ...rl.guidance, gate: 'incorrect' },
      },
      seed: 0,
      onStep: async (_step, _metrics, episodes) => {
        const seconds = (performance.now() - start) / 1000;
        const { rollout = 0, scoring = 0, gradients = 0 } = take();
        const rows = episodes.map(episodeRow);
        measured.push({
          parameters: parameterCount(config),
          episodes: episodes.length,
          seconds,
          phases: { rollout, scoring, gradients, rest: seconds - rollout - scoring - gradients },
          tokens: rows.reduce((total, row) => total + row.tokenIds.length, 0),
          sampledTokens: rows.reduce((total, row) => total + row.logProbs.length, 0),
        });
        start = performance.now();
        return false;
      },
    });
    student.dispose();
    critic.dispose();
    // The first update also opens the index in every worker.
    const counted = measured.slice(1).sort((a, b) => a.seconds - b.seconds);
    const middle = median(counted.map((_, index) => index));
    return counted[Math.floor(middle)] as PolicyStepFigures;
  } finally {
    await rm(work, { recursive: true });
  }
}
