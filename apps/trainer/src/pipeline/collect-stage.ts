import { join } from 'node:path';
import { type CollectionStatistics, keepCorrect } from '@dgpo/distill';
import { createRandom, type Task, writeTrajectories } from '@dgpo/trajectory';
import type { DistillSettings } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import { type Playground, playEpisodes } from '../train/play-episodes.js';
import { playgroundInputs } from './playground-inputs.js';
import { type StageModel, shareModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

/** Demonstrations: episodes of the teacher (teacher-generated outputs) or of the scripted expert, of which the correct ones are kept. */
export async function collectStage(options: {
  workshop: Workshop;
  /** Of the stage. @default `teacher-outputs` or `expert-outputs` */
  name?: string;
  playground: Playground;
  teacher: StageModel | 'expert';
  tasks: readonly Task[];
  settings: Pick<DistillSettings, 'samplesPerTask' | 'temperature' | 'maxEpisodes'>;
  seed: number;
}): Promise<{ path: string; key: string; statistics: CollectionStatistics }> {
  const { workshop, playground, teacher, tasks, seed } = options;
  const { samplesPerTask, temperature, maxEpisodes } = options.settings;
  const settings = { samplesPerTask, temperature, maxEpisodes };
  const label = teacher === 'expert' ? 'expert' : 'teacher';
  const { name = `${label}-outputs` } = options;
  const result = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: {
      teacher: teacher === 'expert' ? teacher : teacher.key,
      tasks,
      settings,
      seed,
      ...playgroundInputs(playground),
    },
    run: async ({ directory }) => {
      const total = tasks.length * settings.samplesPerTask;
      workshop.reporter.stage(`${label} outputs`, `${total} episodes`);
      if (teacher !== 'expert') await shareModel(workshop, 'teacher', teacher.weights);
      const trajectories = await playEpisodes({
        ...playground,
        policy: teacher === 'expert' ? teacher : { model: 'teacher' },
        tasks,
        samplesPerTask: settings.samplesPerTask,
        temperature: settings.temperature,
        seed: createRandom(seed)
          .split('teacher-outputs')
          .integer(2 ** 31),
        onProgress: (done) => workshop.reporter.progress({ label, done, total }),
        signal: workshop.signal,
      });
      const errors = trajectories.filter(({ outcome }) => outcome.endedBy === 'error').length;
      if (errors > 0) workshop.reporter.line(`searches failed in ${errors} of ${total} episodes, which are left out`);
      const { kept, statistics } = keepCorrect({ trajectories, maxEpisodes: settings.maxEpisodes });
      await writeTrajectories(join(directory, 'kept.jsonl'), kept);
      return statistics;
    },
  });
  if (result.skipped) workshop.reporter.stage(`${label} outputs`, 'already there');
  return { path: join(result.directory, 'kept.jsonl'), key: result.key, statistics: result.output };
}
