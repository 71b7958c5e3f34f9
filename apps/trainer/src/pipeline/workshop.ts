import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Engine, type EngineName, selectEngine } from '@dgpo/lm';
import { type ComputePool, createComputePool } from '../compute/pool.js';
import type { RolloutSettings } from '../recipe/rollout-section.js';
import { type TrackingSettings, trackingSchema } from '../recipe/tracking-section.js';
import { openExecutor } from '../rollout/open-executor.js';
import { createLocalExecutor, publishingPool, type RolloutExecutor } from '../rollout/rollout-executor.js';
import { openRunDirectory, type RunDirectory } from '../run/run-directory.js';
import { createTimedTracker } from '../run/timed-tracker.js';
import { combineTrackers, type Tracker } from '../run/tracker.js';
import type { Reporter } from './reporter.js';
import { runTrackers } from './run-trackers.js';

/** What every stage of a run needs. */
export interface Workshop {
  run: RunDirectory;
  engine: Engine;
  /** Models that it gets reach the executor too. */
  pool: ComputePool;
  /** Who plays episodes. */
  executor: RolloutExecutor;
  reporter: Reporter;
  signal: AbortSignal | undefined;
  /** Episodes of a trace whose tokens are recorded. */
  traceTokens: number;
  /** Metrics of one training: JSONL, the recipe's `tracking` and the terminal; files are cut back to `completedSteps` first. */
  tracker(options: { stage: string; totalSteps: number; completedSteps: number; show?: string[] }): Tracker;
  close(): Promise<void>;
}

export interface OpenWorkshopOptions {
  directory: string;
  /** Written to the run directory; another one is refused on resume. */
  config: unknown;
  resume: boolean;
  /** Keys that may differ on resume. @default those of a search agent's recipe */
  mayChange?: readonly string[];
  /** @default that of a recipe without the section */
  tracking?: TrackingSettings;
  engine: EngineName | 'auto';
  /** 0 is one worker per core. */
  workers: number;
  /** @default on the worker threads of this process */
  rollouts?: RolloutSettings;
  reporter: Reporter;
  signal?: AbortSignal | undefined;
}

/** The engine in one line. */
function describeEngine({ name, reason, fused, blas }: Engine, workers: number): string {
  const parts = [`engine ${name} (${reason})`];
  if (fused) parts.push('own kernels');
  if (blas !== undefined) parts.push(`matrix products by ${blas.library}`);
  if (workers > 1) parts.push(`${workers} workers`);
  return parts.join(', ');
}

/** Opens the run directory, starts the engine here and in the workers, and says once which it is. */
export async function openWorkshop(options: OpenWorkshopOptions): Promise<Workshop> {
  const { reporter, signal } = options;
  const { directory, config, resume, mayChange } = options;
  const run = openRunDirectory({ directory, config, resume, ...(mayChange === undefined ? {} : { mayChange }) });
  try {
    const { tracking = trackingSchema.parse({}) } = options;
    const trackersOf = runTrackers({ run, tracking, config, notify: (line) => reporter.line(line) });
    const workers = options.workers === 0 ? availableParallelism() : options.workers;
    // The threads of a BLAS are those of the process: set here as in the workers.
    const engine = await selectEngine({ workers, ...(options.engine === 'auto' ? {} : { engine: options.engine }) });
    const ownPool = await createComputePool({ engine: engine.name, workers });
    reporter.line(describeEngine(engine, ownPool.parallel));
    const { rollouts } = options;
    const executor =
      rollouts === undefined
        ? createLocalExecutor(ownPool)
        : await openExecutor({
            settings: rollouts,
            pool: ownPool,
            run: run.path,
            environment: process.env,
            onLine: (line) => reporter.line(line),
            signal,
          }).catch(async (error: unknown) => {
            await ownPool.close();
            throw error;
          });
    const pool = publishingPool(ownPool, executor);
    const facts = { ...engine, workers: pool.parallel };
    writeFileSync(join(run.logsPath, 'engine.json'), `${JSON.stringify(facts, null, 2)}\n`);
    return {
      run,
      engine,
      pool,
      executor,
      reporter,
      signal,
      traceTokens: tracking.traceTokens,
      tracker: ({ stage, totalSteps, completedSteps, show }) => {
        const tracker = combineTrackers([
          trackersOf({ stage, completedSteps }),
          reporter.tracker({ stage, totalSteps, completedSteps, ...(show === undefined ? {} : { show }) }),
        ]);
        return createTimedTracker({ tracker });
      },
      close: async () => {
        await executor.close();
        await pool.close();
        run.close();
      },
    };
  } catch (error) {
    run.close();
    throw error;
  }
}
