import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCorrectFilter } from '@dgpo/distill';
import { createStudentData, filterSuccesses, hintsOf } from '@dgpo/distill/hints';
import type { Tokenizer } from '@dgpo/lm';
import { encodeTrajectory, openJsonLinesWriter, type Trajectory } from '@dgpo/trajectory';
import type { HouseholdSettings, WebshopSettings } from '../compute/environment-settings.js';
import { openEnvironment } from '../compute/open-environment.js';
import { readCollected } from '../pipeline/collect-episodes.js';
import { playgroundInputs } from '../pipeline/playground-inputs.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { DistillSettings } from '../recipe/distill-section.js';
import type { HintSettings } from '../recipe/hints-section.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { openFirstSight } from './first-sight.js';
import type { Rollouts } from './rollouts-stage.js';

/** Why episodes are not among those to learn from. */
interface StudentDataStatistics {
  samples: number;
  kept: number;
  dropped: {
    failed: number;
    error: number;
    'invalid-actions': number;
    /** Successes in which the policy speaks of its hints. */
    'hint-traces': number;
    /** Beyond `maxEpisodes` or `maxPerTask`, the same once more, or with an action that could not be read (`requireValidActions`). */
    surplus: number;
  };
}

/** Episodes for a student, as the stage that trains it reads them. */
export interface StudentEpisodes {
  path: string;
  key: string;
  statistics: StudentDataStatistics;
}

export interface StudentDataStageOptions {
  workshop: Pick<Workshop, 'run' | 'reporter'>;
  /** Of the stage. */
  name: string;
  playground: Playground;
  world: HouseholdSettings | WebshopSettings;
  /** Of the student. */
  tokenizer: Tokenizer;
  rollouts: Rollouts;
  settings: Pick<DistillSettings, 'maxEpisodes' | 'maxPerTask' | 'dedupe' | 'requireValidActions'>;
  filter: HintSettings['filter'];
}

/** Takes the hints out of episodes that have some. */
async function openCleaner({ world, tokenizer }: StudentDataStageOptions) {
  const { environment, close } = await openEnvironment({ settings: world, retriever: undefined });
  const sight = await openFirstSight(world);
  return {
    clean(trajectory: Trajectory): Trajectory | undefined {
      if (hintsOf(trajectory.task).length === 0) return trajectory;
      const { instructions, format } = sight.read(trajectory.task);
      const { kept } = createStudentData({
        trajectories: [trajectory],
        promptOf: (task) => environment.start({ task, tokenizer }).segments[0],
        ignore: [instructions, format],
        decode: (ids) => tokenizer.decode(ids),
      });
      return kept[0];
    },
    async close() {
      await sight.close();
      await close();
    },
  };
}

/** Copies what is to be learned from, without hints. */
async function selectInto(path: string, options: StudentDataStageOptions): Promise<StudentDataStatistics> {
  const { rollouts, settings, filter: compat } = options;
  const { maxPerTask, ...others } = settings;
  const limits = createCorrectFilter({ ...others, ...(maxPerTask === undefined ? {} : { maxPerTask }) });
  const dropped = { failed: 0, error: 0, 'invalid-actions': 0, 'hint-traces': 0, surplus: 0 };
  let [samples, kept] = [0, 0];
  const cleaner = await openCleaner(options);
  const writer = await openJsonLinesWriter({ path });
  /** The episode for the student, or why there is none. */
  const take = (trajectory: Trajectory): Trajectory | keyof typeof dropped => {
    const [problem] = filterSuccesses({ trajectories: [trajectory], compat }).dropped;
    if (problem !== undefined) return problem.reason;
    const cleaned = cleaner.clean(trajectory);
    if (cleaned === undefined) return 'hint-traces';
    // What the filter takes counts as correct: a shop's second-best purchase does.
    const isKept = limits.keep({ ...cleaned, outcome: { ...cleaned.outcome, correct: true } });
    return isKept ? cleaned : 'surplus';
  };
  try {
    for await (const trajectory of readCollected(rollouts.path)) {
      samples += 1;
      const taken = take(trajectory);
      if (typeof taken === 'string') dropped[taken] += 1;
      else {
        kept += 1;
        await writer.write(encodeTrajectory(taken));
      }
    }
  } finally {
    await writer.close();
    await cleaner.close();
  }
  return { samples, kept, dropped };
}

/**
 * The episodes that a student learns from: successes that were played cleanly, with hints taken out of prompts and tasks, none of which
 * still speaks of one. They are in `kept.jsonl`, with `statistics.json` beside it.
 */
export async function studentDataStage(options: StudentDataStageOptions): Promise<StudentEpisodes> {
  const { workshop, name, playground, rollouts, filter } = options;
  const { maxEpisodes, maxPerTask, dedupe, requireValidActions } = options.settings;
  const settings = { maxEpisodes, maxPerTask, dedupe, requireValidActions };
  const { directory, key, output } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { rollouts: rollouts.key, filter, settings, ...playgroundInputs(playground) },
    run: async ({ directory: target }) => {
      const statistics = await selectInto(join(target, 'kept.jsonl'), { ...options, settings });
      await writeFile(join(target, 'statistics.json'), `${JSON.stringify(statistics, null, 2)}\n`);
      return statistics;
    },
  });
  return { path: join(directory, 'kept.jsonl'), key, statistics: output };
}
