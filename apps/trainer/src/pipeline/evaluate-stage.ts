import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpisodesJob } from '../compute/episodes-job.js';
import type { SelfConsistency } from '../compute/voted-episodes-job.js';
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
  /** Votes on the turns of the model. @default none */
  selfConsistency?: SelfConsistency | undefined;
  /** Whether wall time is kept too. @default false */
  timed?: boolean;
  /** The passages, to measure source referencing and thinking too. */
  corpus?: readonly { contents: string }[];
}

/** Wall time, apart from what is measured: equal runs differ in it. */
const timeFile = 'timings.json';

/** Evaluates a model once; a run that continues finds the result. */
export async function evaluateStage(options: EvaluateStageOptions): Promise<ModelEvaluation & { seconds?: number }> {
  const {
    workshop,
    name,
    playground,
    policy,
    sets,
    temperature,
    batchSize,
    seed,
    selfConsistency,
    timed = false,
    corpus,
  } = options;
  const file = 'evaluation.json';
  const start = performance.now();
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
      ...(selfConsistency === undefined ? {} : { selfConsistency }),
      ...(timed ? { timed } : {}),
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
        ...(selfConsistency === undefined ? {} : { selfConsistency }),
        ...(corpus === undefined ? {} : { corpus }),
        onProgress: ({ set, part, done, total }) =>
          workshop.reporter.progress({ label: `${label} · ${set} · ${part}`, done, total }),
        signal: workshop.signal,
      });
      await writeFile(join(target, file), JSON.stringify(evaluation));
      if (timed) {
        const seconds = (performance.now() - start) / 1000;
        await writeFile(join(target, timeFile), `${JSON.stringify({ seconds })}\n`);
      }
      return null;
    },
  });
  const read = async (name: string) => JSON.parse(await readFile(join(directory, name), 'utf8')) as unknown;
  const evaluation = (await read(file)) as ModelEvaluation;
  return timed ? { ...evaluation, ...((await read(timeFile)) as { seconds: number }) } : evaluation;
}
