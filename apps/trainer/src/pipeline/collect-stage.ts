import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCorrectFilter } from '@dgpo/distill';
import { ConfigError, encodeTrajectory, openJsonLinesWriter, type Task } from '@dgpo/trajectory';
import type { DistillSettings } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { collectEpisodes, readCollected } from './collect-episodes.js';
import { countDemonstrations, type DemonstrationStatistics } from './demonstration-statistics.js';
import { playgroundInputs } from './playground-inputs.js';
import { isServer, type ServerTeacher } from './server-teacher.js';
import { type StageModel, shareModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

type CollectSettings = Pick<
  DistillSettings,
  | 'rolloutBatchSize'
  | 'samplesPerTask'
  | 'temperature'
  | 'maxEpisodes'
  | 'maxPerTask'
  | 'dedupe'
  | 'requireValidActions'
>;

export interface CollectStageOptions {
  workshop: Workshop;
  /** Of the stage. @default `teacher-outputs` or `expert-outputs` */
  name?: string;
  playground: Playground;
  teacher: StageModel | ServerTeacher | 'expert';
  tasks: readonly Task[];
  settings: CollectSettings;
  seed: number;
}

/** Copies what is to be learned from. */
async function selectInto(path: string, collected: string, settings: CollectSettings) {
  const { maxEpisodes, maxPerTask, dedupe, requireValidActions } = settings;
  const filter = createCorrectFilter({
    maxEpisodes,
    dedupe,
    requireValidActions,
    ...(maxPerTask === undefined ? {} : { maxPerTask }),
  });
  const counts = countDemonstrations();
  const writer = await openJsonLinesWriter({ path });
  try {
    for await (const trajectory of readCollected(collected)) {
      const isKept = filter.keep(trajectory);
      counts.add(trajectory, isKept);
      if (isKept) await writer.write(encodeTrajectory(trajectory));
    }
  } finally {
    await writer.close();
  }
  return { statistics: counts.statistics(filter.statistics()), perTask: counts.perTask() };
}

/**
 * Demonstrations: episodes of the teacher (teacher-generated outputs) or of the scripted expert, of which the correct ones are kept in
 * `kept.jsonl`, with `statistics.json` beside them. An interrupted collection goes on where it stopped.
 */
export async function collectStage(
  options: CollectStageOptions,
): Promise<{ path: string; key: string; statistics: DemonstrationStatistics }> {
  const { workshop, playground, teacher, tasks, seed } = options;
  const { samplesPerTask, temperature, maxEpisodes, maxPerTask, dedupe, requireValidActions } = options.settings;
  const settings = { samplesPerTask, temperature, maxEpisodes, maxPerTask, dedupe, requireValidActions };
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
      workshop.reporter.stage(`${label} outputs`, `${tasks.length * samplesPerTask} episodes`);
      const isHere = teacher !== 'expert' && !isServer(teacher);
      if (isHere) await shareModel(workshop, 'teacher', teacher);
      const collected = join(directory, 'collected.jsonl');
      await collectEpisodes({
        path: collected,
        playground,
        policy: isHere ? { model: 'teacher' } : teacher,
        tasks,
        samplesPerTask,
        temperature,
        seed,
        batchSize: options.settings.rolloutBatchSize,
        onProgress: (done, total) => workshop.reporter.progress({ label, done, total }),
        signal: workshop.signal,
      });
      const { statistics, perTask } = await selectInto(join(directory, 'kept.jsonl'), collected, options.settings);
      await writeFile(join(directory, 'statistics.json'), `${JSON.stringify({ ...statistics, perTask }, null, 2)}\n`);
      await rm(collected);
      const { errors, samples } = statistics;
      if (errors > 0) workshop.reporter.line(`searches failed in ${errors} of ${samples} episodes, which are left out`);
      return statistics;
    },
  });
  if (result.skipped) workshop.reporter.stage(`${label} outputs`, 'already there');
  return { path: join(result.directory, 'kept.jsonl'), key: result.key, statistics: result.output };
}

/**
 * There must be something to imitate.
 * @throws ConfigError with what became of the episodes.
 */
export function requireDemonstrations(
  statistics: DemonstrationStatistics,
  demonstrator: 'teacher' | 'expert' | 'student',
): void {
  const { kept, samples, tasks, correct, errors } = statistics;
  if (kept > 0) return;
  const found =
    correct === 0
      ? `answered none of ${tasks} training questions correctly in ${samples} episodes (${errors} ended by failing searches)`
      : `has ${correct} correct episodes of ${samples}, but none without an action that could not be read (requireValidActions)`;
  throw new ConfigError(
    `the ${demonstrator} ${found}, so there is nothing to distil; use a better ${demonstrator === 'student' ? 'student' : 'teacher'}, more samples or easier questions`,
    { where: demonstrator === 'student' ? 'student' : 'teacher' },
  );
}
