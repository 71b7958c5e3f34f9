import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpisodesJob } from '../compute/episodes-job.js';
import { type EvaluationSet, evaluateModel, type ModelEvaluation } from '../evaluate/evaluate-model.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { playgroundInputs } from './playground-inputs.js';
import { type StageModel, shareModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

export interface EvaluateStageOptions {
  workshop: Workshop;
  /** Names the stage, `evaluation-<name>`. */
  name: string;
  playground: Playground;
  policy: StageModel | 'expert';
  sets: readonly EvaluationSet[];
  temperature: number;
  batchSize: number;
  seed: number;
  /** The passages, to measure source referencing and thinking too. */
  corpus?: readonly { contents: string }[];
}

/** Evaluates a model once; a run that continues finds the result. */
export async function evaluateStage(options: EvaluateStageOptions): Promise<ModelEvaluation> {
  const { workshop, name, playground, policy, sets, temperature, batchSize, seed, corpus } = options;
  const file = 'evaluation.json';
  const { directory } = await runStage({
    runDirectory: workshop.run.path,
    name: `evaluation-${name}`,
    inputs: {
      policy: policy === 'expert' ? policy : policy.key,
      sets,
      ...playgroundInputs(playground),
      temperature,
      seed,
      reading: corpus !== undefined,
    },
    run: async ({ directory: target }) => {
      const label = `evaluate ${name}`;
      let job: EpisodesJob['policy'] = 'expert';
      if (policy !== 'expert') {
        await shareModel(workshop, 'evaluated', policy);
        job = { model: 'evaluated' };
      }
      const evaluation = await evaluateModel({
        playground,
        policy: job,
        sets,
        temperature,
        seed,
        batchSize,
        ...(corpus === undefined ? {} : { corpus }),
        onProgress: ({ set, part, done, total }) =>
          workshop.reporter.progress({ label: `${label} · ${set} · ${part}`, done, total }),
        signal: workshop.signal,
      });
      await writeFile(join(target, file), JSON.stringify(evaluation));
      return null;
    },
  });
  return JSON.parse(await readFile(join(directory, file), 'utf8')) as ModelEvaluation;
}
