import type { Tracker } from '../run/tracker.js';

/** Where the pipeline tells what it does. */
export interface Reporter {
  /** A new stage begins, or is skipped. */
  stage(name: string, message?: string): void;
  line(text: string): void;
  /** Live figures of a training. */
  tracker(options: { stage: string; totalSteps: number; completedSteps?: number; show?: string[] }): Tracker;
  /** Live count of something that is not a training step. */
  progress(options: { label: string; done: number; total: number }): void;
}
