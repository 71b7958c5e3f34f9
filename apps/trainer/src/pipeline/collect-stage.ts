import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, encodeTrajectory, openJsonLinesWriter, type Task } from '@dgpo/trajectory';
import { isSearch } from '../compute/environment-settings.js';
import type { DistillSettings } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { collectEpisodes, readCollected } from './collect-episodes.js';
import { collectServerThoughts } from './collect-server-thoughts.js';
import {
  countDemonstrations,
  createDemonstrationFilter,
  type DemonstrationStatistics,
  type FilterSettings,
} from './demonstration-statistics.js';
import { playgroundInputs } from './playground-inputs.js';
import { isServer, type ServerTeacher } from './server-teacher.js';
import { type StageModel, shareModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

type CollectSettings = FilterSettings & Pick<DistillSettings, 'rolloutBatchSize' | 'samplesPerTask' | 'temperature'>;

export interface CollectStageOptions {
  workshop: Workshop;
  /** Of the stage. @default `teacher-outputs` or `expert-outputs` */
  name?: string;
  playground: Playground;
  teacher: StageModel | ServerTeacher | 'expert';
  tasks: readonly Task[];
  settings: CollectSettings;
  /** What the first turn of a task begins with, by its id; other tasks are left out. @default nothing */
  prefixes?: ReadonlyMap<string, string> | undefined;
  seed: number;
}

/** Copies what is to be learned from. */
async function selectInto(
  path: string,
  collected: string,
  { playground, settings, prefixes }: Pick<CollectStageOptions, 'playground' | 'settings' | 'prefixes'>,
) {
  const filter = createDemonstrationFilter(settings, isSearch(playground.environment));
  const counts = countDemonstrations(prefixes);
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
  return { statistics: counts.statistics(filter.statistics()), perTask: counts.perTask(), begun: counts.prefixes() };
}

/** What an episode breaks off by. */
const brokenBy = ({ environment }: Playground, teacher: CollectStageOptions['teacher']) =>
  `${isSearch(environment) ? 'searches' : 'the environment'}${teacher !== 'expert' && isServer(teacher) ? ' or the teacher' : ''}`;

/**
 * Demonstrations: episodes of the teacher (teacher-generated outputs) or of the scripted expert, of which the correct ones are kept in
 * `kept.jsonl`, with `statistics.json` beside them. An interrupted collection goes on where it stopped.
 */
export async function collectStage(
  options: CollectStageOptions,
): Promise<{ path: string; key: string; statistics: DemonstrationStatistics }> {
  const { workshop, playground, teacher, prefixes, seed } = options;
  const { rolloutBatchSize: batchSize, samplesPerTask, temperature } = options.settings;
  const { filter, maxTurns, maxEpisodes, maxPerTask, dedupe, requireValidActions } = options.settings;
  const settings = {
    samplesPerTask,
    temperature,
    filter,
    maxTurns,
    maxEpisodes,
    maxPerTask,
    dedupe,
    requireValidActions,
  };
  const tasks = prefixes === undefined ? options.tasks : options.tasks.filter(({ id }) => prefixes.has(id));
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
      ...(prefixes === undefined ? {} : { prefixes: tasks.map(({ id }) => prefixes.get(id)) }),
      ...playgroundInputs(playground),
    },
    run: async ({ directory }) => {
      workshop.reporter.stage(`${label} outputs`, `${tasks.length * samplesPerTask} episodes`);
      const isHere = teacher !== 'expert' && !isServer(teacher);
      if (isHere) await shareModel(workshop, 'teacher', teacher);
      const collected = join(directory, 'collected.jsonl');
      const shared = {
        path: collected,
        playground,
        tasks,
        samplesPerTask,
        temperature,
        seed,
        onProgress: (done: number, total: number) => workshop.reporter.progress({ label, done, total }),
        signal: workshop.signal,
      };
      if (teacher !== 'expert' && isServer(teacher) && playground.environment.kind === 'chain-of-thought') {
        await collectServerThoughts({ ...shared, directory, teacher });
      } else {
        const policy = isHere ? { model: 'teacher' } : teacher;
        await collectEpisodes({ ...shared, policy, batchSize, prefixes });
      }
      const { perTask, begun, ...counted } = await selectInto(join(directory, 'kept.jsonl'), collected, options);
      const missing = options.tasks.length - tasks.length;
      const statistics: DemonstrationStatistics =
        prefixes === undefined ? counted.statistics : { ...counted.statistics, prefixes: { ...begun, missing } };
      await writeFile(join(directory, 'statistics.json'), `${JSON.stringify({ ...statistics, perTask }, null, 2)}\n`);
      await rm(collected);
      const { errors, samples } = statistics;
      if (errors > 0)
        workshop.reporter.line(
          `${brokenBy(playground, teacher)} failed in ${errors} of ${samples} episodes, which are left out`,
        );
      if (prefixes !== undefined)
        workshop.reporter.line(
          `first thoughts begin ${begun.used} of ${samples} episodes; ${begun.unusable} could not be used, and ${missing} questions without one are left out`,
        );
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
  const { fates } = statistics;
  const why =
    fates === undefined
      ? 'without an action that could not be read (requireValidActions)'
      : `that the filter keeps (${fates.unreadable} with an action that could not be read, ${fates.forced} forced by a limit)`;
  const found =
    correct === 0
      ? `answered none of ${tasks} training questions correctly in ${samples} episodes${errors === 0 ? '' : ` (${errors} ended by an error)`}`
      : `has ${correct} correct episodes of ${samples}, but none ${why}`;
  throw new ConfigError(
    `the ${demonstrator} ${found}, so there is nothing to distil; use a better ${demonstrator === 'student' ? 'student' : 'teacher'}, more samples or easier questions`,
    { where: demonstrator === 'student' ? 'student' : 'teacher' },
  );
}
