import { join } from 'node:path';
import type { Task } from '@dgpo/trajectory';
import { collectEpisodes, readCollected } from '../pipeline/collect-episodes.js';
import { playgroundInputs } from '../pipeline/playground-inputs.js';
import { type StageModel, shareModel } from '../pipeline/stage-model.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { DistillSettings } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';

/** Episodes of a model, right and wrong ones, as `readCollected` reads them. */
export interface Rollouts {
  path: string;
  key: string;
  samples: number;
  correct: number;
  /** Episodes that the world or a search broke. */
  errors: number;
}

export interface RolloutsStageOptions {
  workshop: Workshop;
  /** Of the stage. */
  name: string;
  playground: Playground;
  policy: StageModel;
  tasks: readonly Task[];
  settings: Pick<DistillSettings, 'samplesPerTask' | 'temperature' | 'rolloutBatchSize'>;
  seed: number;
}

async function count(path: string): Promise<Omit<Rollouts, 'path' | 'key'>> {
  const counts = { samples: 0, correct: 0, errors: 0 };
  for await (const { outcome } of readCollected(path)) {
    counts.samples += 1;
    if (outcome.endedBy === 'error') counts.errors += 1;
    else if (outcome.correct) counts.correct += 1;
  }
  return counts;
}

/** Plays training tasks with a model and keeps every episode. An interrupted collection goes on where it stopped. */
export async function rolloutsStage(options: RolloutsStageOptions): Promise<Rollouts> {
  const { workshop, name, playground, policy, tasks, seed } = options;
  const { samplesPerTask, temperature, rolloutBatchSize } = options.settings;
  const file = 'episodes.jsonl';
  const { directory, key, output, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { policy: policy.key, tasks, samplesPerTask, temperature, seed, ...playgroundInputs(playground) },
    run: async ({ directory: target }) => {
      workshop.reporter.stage(name, `${tasks.length * samplesPerTask} episodes`);
      // The place of the model that is evaluated last: nothing plays there before.
      await shareModel(workshop, 'evaluated', policy);
      const path = join(target, file);
      await collectEpisodes({
        ...{ path, playground, tasks, samplesPerTask, temperature, seed },
        policy: { model: 'evaluated', name: 'self' },
        batchSize: rolloutBatchSize,
        onProgress: (done, total) => workshop.reporter.progress({ label: name, done, total }),
        signal: workshop.signal,
      });
      return count(path);
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return { path: join(directory, file), key, ...output };
}
