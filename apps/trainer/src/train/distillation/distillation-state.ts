import {
  type AdaptiveSchedule,
  type AdaptiveScheduleState,
  createAdaptiveSchedule,
  createReplayBuffer,
  createTaidSchedule,
  type ReplayBuffer,
  type TaidSchedule,
  type TaidScheduleState,
} from '@dgpo/distill';
import type { ScoredRow } from '../../compute/scored-rows.js';
import type { DistillSettings } from '../../recipe/distill-section.js';
import type { CheckpointExtra } from '../model-checkpoints.js';
import { decodeRows, encodeRows } from './scored-row-lines.js';

/** What an update reads beside the models, the seed and its number. */
export interface DistillationState {
  /** With `taid`: how far the target is from the student. */
  readonly taid: TaidSchedule | undefined;
  /** With `distillm`: where the next rows come from. */
  readonly adaptive: AdaptiveSchedule | undefined;
  /** With `distillm`: what the student wrote. */
  readonly replay: ReplayBuffer<ScoredRow> | undefined;
  /** What a checkpoint keeps of it. */
  readonly extras: Readonly<Record<string, CheckpointExtra>>;
}

const textOf = (content: Uint8Array) => Buffer.from(content).toString('utf8');

const toLine = (value: unknown) => `${JSON.stringify(value)}\n`;

/** The state before the first update. */
export function createDistillationState(options: {
  settings: DistillSettings;
  totalSteps: number;
  seed: number;
}): DistillationState {
  const { settings, seed } = options;
  // A stage without updates has schedules all the same.
  const totalSteps = Math.max(1, options.totalSteps);
  if (settings.objective === 'taid') {
    const create = (state?: TaidScheduleState) => createTaidSchedule({ ...settings.taid, totalSteps, state });
    let taid = create();
    return {
      get taid() {
        return taid;
      },
      adaptive: undefined,
      replay: undefined,
      extras: {
        'taid.json': {
          save: () => toLine(taid.state()),
          load: (content) => {
            taid = create(JSON.parse(textOf(content)) as TaidScheduleState);
          },
        },
      },
    };
  }
  if (settings.objective !== 'distillm') {
    return { taid: undefined, adaptive: undefined, replay: undefined, extras: {} };
  }
  const { replayCapacity: capacity, ...schedule } = settings.distillm;
  const create = (state?: AdaptiveScheduleState) =>
    createAdaptiveSchedule({ ...schedule, capacity, seed, totalSteps, state });
  let adaptive = create();
  let replay = createReplayBuffer<ScoredRow>({ seed, capacity });
  return {
    taid: undefined,
    get adaptive() {
      return adaptive;
    },
    get replay() {
      return replay;
    },
    extras: {
      'adaptive-schedule.json': {
        save: () => toLine(adaptive.state()),
        load: (content) => {
          adaptive = create(JSON.parse(textOf(content)) as AdaptiveScheduleState);
        },
      },
      'replay-buffer.jsonl': {
        save: () => encodeRows(replay.items()),
        load: (content) => {
          replay = createReplayBuffer<ScoredRow>({ seed, capacity, items: decodeRows(textOf(content)) });
        },
      },
    },
  };
}
