import { type BatchSource, chooseOnPolicy } from '@dgpo/distill';
import { createRandom, type Task, type Trajectory } from '@dgpo/trajectory';
import { type ScoredRow, scoredCount } from '../../compute/scored-rows.js';
import { type DistillSettings, usesDemonstrations } from '../../recipe/distill-section.js';
import { type EpisodeRow, episodeRow } from '../episode-rows.js';
import { type Playground, playEpisodes } from '../play-episodes.js';
import { itemsOfStep, rowsOfStep } from './batch-order.js';
import type { Demonstration } from './demonstrations.js';
import type { DistillationState } from './distillation-state.js';

export interface StepRowsOptions {
  settings: DistillSettings;
  /** Name of the student in the workers. */
  student: string;
  /** Needed where the student plays. */
  playground?: Playground | undefined;
  demonstrations: readonly Demonstration[];
  /** Questions for the student, where it plays every episode. */
  tasks: readonly Task[];
  state: DistillationState;
  seed: number;
  step: number;
  signal?: AbortSignal | undefined;
}

/** What an update learns from. */
export interface StepRows {
  rows: ScoredRow[];
  /** Those among them that the student played now, with what its sampler recorded. */
  own: EpisodeRow[];
  /** What it played, broken episodes too. */
  played: Trajectory[];
  /** Share of the rows that the student wrote, now or before. */
  onPolicy: number;
}

/** Plays questions with the student as it is. */
async function play(
  options: StepRowsOptions,
  tasks: readonly Task[],
): Promise<{ played: Trajectory[]; own: EpisodeRow[] }> {
  const { playground, student, settings, seed, step, signal } = options;
  if (tasks.length === 0) return { played: [], own: [] };
  if (playground === undefined) throw new TypeError('an objective on episodes of the student needs a playground');
  const played = await playEpisodes({
    ...playground,
    policy: { model: student },
    tasks,
    temperature: settings.onPolicy.temperature,
    batchSize: settings.rolloutBatchSize,
    seed: createRandom(seed)
      .split('student-outputs', step)
      .integer(2 ** 31),
    signal,
  });
  // An episode that the world broke says nothing about the student.
  const own = played
    .filter(({ outcome }) => outcome.endedBy !== 'error')
    .map(episodeRow)
    .filter((row) => scoredCount(row) > 0);
  return { played, own };
}

/** Bare rows: what else belongs to a row need not travel to the workers. */
const bare = ({ tokenIds, mask }: ScoredRow): ScoredRow => ({ tokenIds, mask });

function joined(offline: readonly ScoredRow[], { played, own }: { played: Trajectory[]; own: EpisodeRow[] }): StepRows {
  const rows = [...offline, ...own].map(bare);
  return { rows, own, played, onPolicy: rows.length === 0 ? 0 : own.length / rows.length };
}

/** DistiLLM: from the data, played now and kept, or played before. */
async function adaptiveRows(options: StepRowsOptions, batch: readonly Demonstration[]): Promise<StepRows> {
  const { state, step } = options;
  const { adaptive, replay } = state;
  const source: BatchSource = adaptive?.choose({ step: step - 1, buffered: replay?.size ?? 0 }) ?? 'dataset';
  if (source === 'dataset' || replay === undefined) return joined(batch, { played: [], own: [] });
  if (source === 'replay') {
    return { rows: replay.sample({ count: batch.length, step }), own: [], played: [], onPolicy: 1 };
  }
  const result = joined(
    [],
    await play(
      options,
      batch.map(({ task }) => task),
    ),
  );
  replay.add(result.rows);
  return result;
}

/** The rows of one update. They depend on the seed, the step, the student and the state alone. */
export async function stepRows(options: StepRowsOptions): Promise<StepRows> {
  const { settings, demonstrations, tasks, seed, step } = options;
  const { batchSize, objective } = settings;
  if (!usesDemonstrations(settings)) {
    return joined([], await play(options, itemsOfStep({ items: tasks, perStep: batchSize, step, seed })));
  }
  const batch = rowsOfStep({ rows: demonstrations, batchSize, step, seed });
  if (objective === 'distillm') return adaptiveRows(options, batch);
  if (objective !== 'gkd') return joined(batch, { played: [], own: [] });
  const taskIds = batch.map(({ task }) => task.id);
  const chosen = chooseOnPolicy({ seed, step, taskIds, fraction: settings.onPolicy.fraction });
  const offline = batch.filter((_, index) => chosen[index] !== true);
  const asked = batch.filter((_, index) => chosen[index] === true).map(({ task }) => task);
  return joined(offline, await play(options, asked));
}
