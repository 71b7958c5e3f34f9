import type { Trajectory } from '@dgpo/trajectory';
import { findHintTraces, type HintTrace, type TraceOptions } from './find-hint-traces.js';
import { hintsOf } from './hint-block.js';
import { type CleanPrompt, removeHints } from './remove-hints.js';

export type StudentDataOptions = CleanPrompt &
  TraceOptions & {
    /** Episodes of the teacher with hints, already filtered. */
    trajectories: Iterable<Trajectory>;
    /** Looked for in every episode, beside the hints that its task carries. @default [] */
    hints?: readonly string[];
  };

/** Episodes to train a student on, and why others are not among them. */
export interface StudentData {
  kept: Trajectory[];
  /** Episodes that still speak of a hint, as when the policy quotes one. */
  dropped: { id: string; traces: HintTrace[] }[];
}

/**
 * Removes the hints from episodes and drops those in which a trace is left.
 * @throws as `removeHints` and `findHintTraces` do
 */
export function createStudentData(options: StudentDataOptions): StudentData {
  const { hints = [], trajectories, ...rest } = options;
  const data: StudentData = { kept: [], dropped: [] };
  for (const trajectory of trajectories) {
    const own = [...hints, ...hintsOf(trajectory.task)];
    const cleaned = removeHints({ ...rest, trajectory, hints: own });
    const traces = findHintTraces({ ...rest, trajectories: [cleaned], hints: own });
    if (traces.length === 0) data.kept.push(cleaned);
    else data.dropped.push({ id: trajectory.id, traces });
  }
  return data;
}
