import { Undecided } from './undecided.js';

/** How much one comparison may still compute, in units of about two microseconds. */
export interface Budget {
  left: number;
}

/** Settings and what is left to spend, shared by all parts of one comparison. */
export interface CompareOptions {
  relativeTolerance: number;
  seed: number;
  budget: Budget;
}

/** @throws Undecided where nothing is left */
export function spend(budget: Budget, units: number): void {
  budget.left -= units;
  if (budget.left < 0) throw new Undecided('comparing them takes too long');
}
