/**
 * Profiles the rollouts of a case in one thread and prints the seconds of each part as JSON: `node … measure-rollout.ts '{"work":"…"}'`.
 * What a worker adds, the message with its episodes, is written and read once more and counted with them.
 */
import { deserialize, serialize } from 'node:v8';
import { loadModel } from '@dgpo/lm';
import { createComputePool, playEpisodes } from '@dgpo/trainer';
import type { Trajectory } from '@dgpo/trajectory';
import { atlasEnvironment } from '../../apps/trainer/src/demo/demo-settings.js';
import { type Part, profileParts } from './profile-parts.js';
import { readPrepared, workFolder } from './work-folder.js';

export interface RolloutParts {
  episodes: number;
  seconds: Record<Part | 'messages', number>;
}

const { work } = JSON.parse(process.argv[2] ?? '') as { work: string };
const folder = workFolder(work);
const { item, tasks } = await readPrepared(work);
const pool = await createComputePool({ engine: 'wasm', workers: 0 });
const { config, parameters } = await loadModel({ directory: folder.student });
await pool.broadcast({ kind: 'model', name: 'student', config, valueHead: false, weights: parameters });
const play = (first: number): Promise<Trajectory[]> =>
  playEpisodes({
    pool,
    tokenizer: folder.student,
    retriever: { directory: folder.index },
    environment: atlasEnvironment,
    policy: { model: 'student' },
    tasks: tasks.slice(first, first + item.episodes),
    temperature: 1,
    seed: first,
  });
// Opens the index and warms up the compiler.
await play(0);
const episodes: Trajectory[] = [];
const seconds = await profileParts(async () => {
  for (let first = item.episodes; first < tasks.length; first += item.episodes) episodes.push(...(await play(first)));
});
const start = performance.now();
deserialize(serialize(episodes));
const messages = (performance.now() - start) / 1000;
const result: RolloutParts = { episodes: episodes.length, seconds: { ...seconds, messages } };
console.log(JSON.stringify(result));
process.exit(0);
