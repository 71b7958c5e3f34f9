import { ConfigError } from '@dgpo/trajectory';

/** What a checkpoint keeps of a {@link TaidSchedule}; plain numbers that survive JSON exactly. */
export interface TaidScheduleState {
  t: number;
  /** Of the last update, null before the first. */
  previousLoss: number | null;
  momentum: number;
}

export interface TaidScheduleOptions {
  /** Updates of the whole training. */
  totalSteps: number;
  /** @default 0.4 */
  tStart?: number;
  /** @default 1 */
  tEnd?: number;
  /** Largest step of t. @default 5e-4 */
  alpha?: number;
  /** Of the momentum. @default 0.99 */
  beta?: number;
  /** Whether t may run ahead of the straight line from `tStart` to `tEnd`. @default true */
  adaptive?: boolean;
  /** To go on where a schedule with the same options stopped. @default the beginning */
  state?: TaidScheduleState | undefined;
}

export interface TaidSchedule {
  /** Weight of the teacher in the next loss. */
  readonly t: number;
  /**
   * After every update of the student.
   *
   * @param signal.loss of the whole batch: `crossEntropy` of {@link taidLoss}
   * @param signal.step updates made before this one, from 0
   * @throws ConfigError when the loss is not finite or the step is not one of the training.
   */
  update(signal: { loss: number; step: number }): void;
  state(): TaidScheduleState;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function requireOptions(options: Required<Omit<TaidScheduleOptions, 'adaptive' | 'state'>>): void {
  const { totalSteps, tStart, tEnd, alpha, beta } = options;
  const check = (where: string, isRight: boolean, expected: string, found: number) => {
    if (!isRight) throw new ConfigError(`expected ${expected}, found ${found}`, { where });
  };
  check('totalSteps', Number.isInteger(totalSteps) && totalSteps >= 1, 'at least 1', totalSteps);
  check('tStart', tStart >= 0 && tStart < 1, '0 to below 1', tStart);
  check('tEnd', tEnd > 0 && tEnd >= tStart && tEnd <= 1, 'above 0, from tStart to 1', tEnd);
  check('alpha', alpha >= 0 && alpha <= 1, '0 to 1', alpha);
  check('beta', beta >= 0 && beta < 1, '0 to below 1', beta);
}

function requireState(state: TaidScheduleState): void {
  const { t, previousLoss, momentum } = state;
  if (t >= 0 && t <= 1 && Number.isFinite(momentum) && (previousLoss === null || Number.isFinite(previousLoss))) return;
  throw new ConfigError(`not the state of a TAID schedule: ${JSON.stringify(state)}`, { where: 'state' });
}

/**
 * How fast the target of TAID moves from the student to the teacher (arXiv 2501.16937, algorithm 1, and `update_t` of its repository):
 * `m ← β·m + (1 − β)·(previous − loss) / (previous + 1e−15)`, `t ← min(tEnd, max(line, t + α·sigmoid(m)·(1 − t)))`, where the line goes
 * straight from `tStart` to `tEnd`. The first update only remembers the loss. t never falls.
 *
 * @throws ConfigError for options out of range or a state that is none.
 */
export function createTaidSchedule(options: TaidScheduleOptions): TaidSchedule {
  const { totalSteps, tStart = 0.4, tEnd = 1, alpha = 5e-4, beta = 0.99, adaptive = true } = options;
  requireOptions({ totalSteps, tStart, tEnd, alpha, beta });
  if (options.state !== undefined) requireState(options.state);
  let { t, previousLoss, momentum } = options.state ?? { t: tStart, previousLoss: null, momentum: 0 };
  return {
    get t() {
      return t;
    },
    update({ loss, step }) {
      if (!Number.isFinite(loss)) throw new ConfigError(`expected a finite number, found ${loss}`, { where: 'loss' });
      if (!(Number.isInteger(step) && step >= 0 && step < totalSteps)) {
        throw new ConfigError(`expected 0 to ${totalSteps - 1}, found ${step}`, { where: 'step' });
      }
      if (previousLoss !== null) {
        momentum = beta * momentum + ((1 - beta) * (previousLoss - loss)) / (previousLoss + 1e-15);
        const line = tStart + (tEnd - tStart) * (step / totalSteps);
        t = adaptive ? Math.min(tEnd, Math.max(line, t + alpha * sigmoid(momentum) * (1 - t))) : line;
      }
      previousLoss = loss;
    },
    state: () => ({ t, previousLoss, momentum }),
  };
}
