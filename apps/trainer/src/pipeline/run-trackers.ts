import { basename, join } from 'node:path';
import { z } from 'zod';
import type { TrackingSettings } from '../recipe/tracking-section.js';
import { createJsonlTracker } from '../run/jsonl-tracker.js';
import type { RunDirectory } from '../run/run-directory.js';
import { hashValue } from '../run/stable-hash.js';
import { createTensorBoardTracker } from '../run/tensorboard-tracker.js';
import { combineTrackers, type Tracker } from '../run/tracker.js';
import { wandbSettings } from '../run/wandb-settings.js';
import { createWandbTracker, type WandbTrackerOptions } from '../run/wandb-tracker.js';

const configSchema = z.record(z.string(), z.unknown()).catch({});

export interface RunTrackersOptions {
  run: RunDirectory;
  tracking: TrackingSettings;
  /** Shown in W&B. */
  config: unknown;
  /** Told what concerns the trackers themselves. */
  notify: (line: string) => void;
  /** @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** Makes the trackers of one stage: its files are cut back to `completedSteps` first. */
export type RunTrackers = (options: { stage: string; completedSteps: number }) => Tracker;

/**
 * The trackers that a recipe asks for. The id of a W&B run is made of what of the configuration lasts (the seed is in it), the name and the stage, so that
 * a resume continues the run and another name makes another.
 *
 * @throws {ConfigError} for a `WANDB_` variable that cannot be
 */
export function runTrackers(options: RunTrackersOptions): RunTrackers {
  const { run, tracking } = options;
  const wandb = tracking.wandb ? wandbOptions(options) : undefined;
  return ({ stage, completedSteps }) => {
    run.rewind({ stage, step: completedSteps });
    const trackers = [createJsonlTracker({ metricsPath: run.metricsPath, timingsPath: run.timingsPath, stage })];
    if (tracking.tensorboard) {
      const directory = join(run.tensorboardPath, stage);
      trackers.push(createTensorBoardTracker({ directory, firstStep: completedSteps + 1 }));
    }
    if (wandb !== undefined) trackers.push(createWandbTracker({ ...wandb(stage), completedSteps }));
    return combineTrackers(trackers);
  };
}

function wandbOptions(options: RunTrackersOptions): ((stage: string) => WandbTrackerOptions) | undefined {
  const { run, tracking, config, notify, environment = process.env } = options;
  const { mode, project = 'dgpo', entity, baseUrl, apiKey } = wandbSettings(environment);
  if (mode === 'disabled') return undefined;
  if (mode === 'online' && apiKey === undefined) {
    notify('W&B: WANDB_MODE is online, but WANDB_API_KEY is not set; the run is written for `wandb sync` alone');
  }
  const group = tracking.name ?? basename(run.path);
  return (stage) => ({
    directory: join(run.path, 'wandb'),
    id: hashValue({ config: run.lastingConfig, group, stage }).slice(0, 16),
    project: tracking.project ?? project,
    group,
    jobType: stage,
    displayName: `${group} ${stage}`,
    config: configSchema.parse(config),
    notify,
    ...(entity === undefined ? {} : { entity }),
    ...(mode === 'online' && apiKey !== undefined ? { server: { baseUrl, apiKey } } : {}),
  });
}
