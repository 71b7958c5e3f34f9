import { ConfigError, createRandom } from '@dgpo/trajectory';
import { requireCount } from './require-options.js';

/** Where the rows of a step come from: written by the student now, written by it earlier, or from the data set. */
export type BatchSource = 'generate' | 'replay' | 'dataset';

/** What a checkpoint keeps of an {@link AdaptiveSchedule}; plain numbers that survive JSON exactly. */
export interface AdaptiveScheduleState {
  threshold: number;
  /** Validation loss that the next one is held against, null before the first. */
  previousLoss: number | null;
}

export interface AdaptiveScheduleOptions {
  seed: number;
  /** Steps of the whole training. */
  totalSteps: number;
  /** Share of student-generated steps to begin with. @default 0 */
  threshold?: number;
  /** By how much the validation loss must have risen; 0.1 in the DistiLLM code, 0 in that of TAID. @default 0.1 */
  lossEps?: number;
  /** How the part of the share that is written anew moves through the training; the rest is replayed. @default 'decreasing' */
  replayRatio?: 'constant' | 'increasing' | 'decreasing';
  /** Of the replay buffer: while it is not full, nothing is replayed. @default 1000 */
  capacity?: number;
  /** To go on where a schedule with the same options stopped. @default the beginning */
  state?: AdaptiveScheduleState | undefined;
}

export interface AdaptiveSchedule {
  /** Share of steps on what the student wrote, from 0 to 1. */
  readonly threshold: number;
  /**
   * After every validation; the first one, before training, is the loss to beat.
   * @throws ConfigError when the loss is not finite.
   */
  update(validationLoss: number): void;
  /**
   * Depends on the seed, the step, the threshold and whether the buffer is full, not on earlier calls.
   *
   * @param now.buffered items in the replay buffer
   * @throws ConfigError when the step is not one of the training.
   */
  choose(now: { step: number; buffered: number }): BatchSource;
  state(): AdaptiveScheduleState;
}

const increment = 0.1;

function requireShare(where: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new ConfigError(`expected 0 to 1, found ${value}`, { where });
}

/**
 * The adaptive use of student-generated outputs in DistiLLM (arXiv 2402.03898, section 3.2 and algorithm 1; `finetune.py` of its
 * repository): training begins on the data set, and whenever the validation loss has risen by `lossEps` the share of steps on what the
 * student wrote grows by 0.1. Within the share s a step of progress x generates with probability `s·(1 − x)`, `s·x` or `s/2` as `replayRatio` says, and
 * replays otherwise. Validation losses below the one to beat do not replace it, as in that code.
 *
 * @throws ConfigError for options out of range or a state that is none.
 */
export function createAdaptiveSchedule(options: AdaptiveScheduleOptions): AdaptiveSchedule {
  const { seed, totalSteps, lossEps = 0.1, replayRatio = 'decreasing', capacity = 1000 } = options;
  requireCount('totalSteps', totalSteps);
  requireCount('capacity', capacity);
  if (!(lossEps >= 0)) throw new ConfigError(`expected 0 or more, found ${lossEps}`, { where: 'lossEps' });
  let { threshold, previousLoss } = options.state ?? { threshold: options.threshold ?? 0, previousLoss: null };
  requireShare(options.state === undefined ? 'threshold' : 'state', threshold);
  if (previousLoss !== null && !Number.isFinite(previousLoss)) {
    throw new ConfigError(`expected a finite previousLoss, found ${previousLoss}`, { where: 'state' });
  }
  const random = createRandom(seed);
  return {
    get threshold() {
      return threshold;
    },
    update(validationLoss) {
      if (!Number.isFinite(validationLoss)) {
        throw new ConfigError(`expected a finite number, found ${validationLoss}`, { where: 'validationLoss' });
      }
      if (previousLoss === null) previousLoss = validationLoss;
      else if (validationLoss >= previousLoss + lossEps) {
        threshold = Math.min(threshold + increment, 1);
        previousLoss = validationLoss;
      }
    },
    choose({ step, buffered }) {
      if (!(Number.isInteger(step) && step >= 0 && step < totalSteps)) {
        throw new ConfigError(`expected 0 to ${totalSteps - 1}, found ${step}`, { where: 'step' });
      }
      const progress = step / totalSteps;
      const anew = { constant: 0.5, increasing: progress, decreasing: 1 - progress }[replayRatio];
      const draw = random.split('adaptive-schedule', step).next();
      if (draw >= threshold) return 'dataset';
      return draw < threshold * anew || buffered < capacity ? 'generate' : 'replay';
    },
    state: () => ({ threshold, previousLoss }),
  };
}
