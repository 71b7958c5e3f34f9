import type { Figure } from '@dgpo/arc';
import type { EvaluationCost } from '../cost/evaluation-cost.js';

/** A measure on one benchmark. */
export interface BenchmarkFigure {
  /** Mean with its 95 % interval, whose ends are NaN where the file does not tell it. */
  figure: Figure;
  /** Null where the file does not tell. */
  questions: number | null;
}

/** What a leaderboard takes from one result file. */
export interface ResultFile {
  /** Below the folder that was searched. */
  path: string;
  model: string;
  /** Which program wrote it. */
  origin: 'dgpo-eval' | 'dgpo-arc' | 'lm-eval';
  /** By benchmark, in the order of the file. */
  figures: Map<string, BenchmarkFigure>;
  /** Whether more is better; null where neither is. */
  higherIsBetter: boolean | null;
  /** How it was sampled, in a few words; empty where the file does not tell. */
  sampling: string;
  cost?: EvaluationCost;
}

/** A file that the leaderboard leaves out, or a part of one. */
export interface LeftOutFile {
  /** Below the folder that was searched. */
  path: string;
  reason: string;
}
