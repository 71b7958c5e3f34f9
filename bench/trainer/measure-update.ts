/** Times updates of a case on one engine and prints them as JSON: `node … measure-update.ts '{"work":"…","engine":"wasm","workers":2}'`. */
import {
  createDecoder,
  type DecoderConfig,
  type EngineName,
  getParameters,
  loadModel,
  selectEngine,
  setParameters,
} from '@dgpo/lm';
import { createComputePool, createTrainedModel, episodeRow, optimizePolicy } from '@dgpo/trainer';
import { atlasEnvironment } from '../../apps/trainer/src/demo/demo-settings.js';
import { caseSettings } from './cases.js';
import { minus, none, plus, type Spent, stopwatch, timedPool } from './timed-pool.js';
import { readPrepared, workFolder } from './work-folder.js';

export interface UpdateTimes {
  episodes: number;
  /** Tokens of all episodes, and those of them that the policy sampled. */
  tokens: number;
  sampledTokens: number;
  all: Spent;
  phases: Record<'rollout' | 'teacher' | 'critic' | 'update', Spent>;
}

const { work, engine, workers } = JSON.parse(process.argv[2] ?? '') as {
  work: string;
  engine: EngineName;
  workers: number;
};
const folder = workFolder(work);
const { item, tasks } = await readPrepared(work);
const rl = caseSettings(item);

/** The student's weights with a value head. */
async function criticParameters(config: DecoderConfig, parameters: Float32Array): Promise<Float32Array> {
  const body = createDecoder({ config, valueHead: true });
  const withHead = (await getParameters(body)).slice();
  withHead.set(parameters);
  setParameters(body, withHead);
  body.dispose();
  return withHead;
}

// As in a run: the optimiser computes in this thread.
await selectEngine({ engine, workers: Math.max(1, workers) });
const { pool, take } = timedPool(await createComputePool({ engine, workers }), (job) => {
  if (job.kind === 'episodes') return 'rollout';
  if (job.kind !== 'score') return undefined;
  if (job.model === 'critic') return 'critic';
  return job.model === 'teacher' ? 'teacher' : undefined;
});
const { config, parameters } = await loadModel({ directory: folder.student });
const taught = await loadModel({ directory: folder.teacher });
await pool.broadcast({
  kind: 'model',
  name: 'teacher',
  config: taught.config,
  valueHead: false,
  weights: taught.parameters,
});
const student = await createTrainedModel({ pool, name: 'student', config, parameters });
const critic = await createTrainedModel({
  pool,
  name: 'critic',
  config,
  parameters: await criticParameters(config, parameters),
  valueHead: true,
});

const updates: UpdateTimes[] = [];
let read = stopwatch();
await optimizePolicy({
  settings: { ...rl, maxSteps: item.updates + 1 },
  playground: {
    pool,
    tokenizer: folder.student,
    retriever: { directory: folder.index },
    environment: atlasEnvironment,
  },
  student,
  critic,
  reference: 'teacher',
  tasks,
  seed: 0,
  onStep: async (_step, _metrics, episodes) => {
    const all = read();
    const { rollout = none, critic: values = none, teacher: scored = none } = take();
    const rows = episodes.map(episodeRow);
    // The exact KL asks the teacher inside the update; what that takes is measured once more, apart.
    const sorted = [...rows].sort((a, b) => b.tokenIds.length - a.tokenIds.length);
    const jobs = [];
    for (let start = 0; start < sorted.length; start += rl.microBatchSize) {
      const part = sorted.slice(start, start + rl.microBatchSize);
      jobs.push({ kind: 'score' as const, model: 'teacher', what: 'log-probs' as const, rows: part, temperature: 1 });
    }
    await pool.run(jobs);
    const teacher = plus(scored, take().teacher ?? none);
    updates.push({
      episodes: episodes.length,
      tokens: rows.reduce((total, row) => total + row.tokenIds.length, 0),
      sampledTokens: rows.reduce((total, row) => total + row.logProbs.length, 0),
      all,
      phases: { rollout, teacher, critic: values, update: minus(all, [rollout, teacher, values].reduce(plus)) },
    });
    read = stopwatch();
    return false;
  },
});
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
// The first update also opens the index in every worker.
console.log(JSON.stringify({ updates: updates.slice(1), peakMemoryBytes }));
process.exit(0);
