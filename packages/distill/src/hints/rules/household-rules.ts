import type { HintFailure } from '../failure.js';
import { findLoop, findRepeated } from './find-repetition.js';
import { type HintFinding, mostFrequent } from './finding.js';
import { householdTarget, movesOf } from './household-walk.js';
import { unmetPreconditions } from './unmet-precondition.js';
import { neverDone, wrongOrder } from './wrong-order.js';

/** What the rules find in a failed episode of the household, the gravest first. */
export function householdFindings(failure: HintFailure, { repeats }: { repeats: number }): HintFinding[] {
  const { steps } = failure;
  const moves = movesOf(steps);
  const target = householdTarget(failure);
  const loop = findLoop(steps);
  const repeated = findRepeated(steps, repeats);
  const loopHint = 'Leave a round of commands that shows nothing new; visit a {location} that you have not searched.';
  const repeatedHint = 'Do not send the same command again and again; try another {location} or another action.';
  return [
    ...wrongOrder(moves, target),
    ...mostFrequent(unmetPreconditions(moves), 2),
    ...(loop === undefined ? [] : [{ rule: 'no-effect-loop', turn: loop, hint: loopHint }]),
    ...(repeated === undefined ? [] : [{ rule: 'repeated-command', turn: repeated, hint: repeatedHint }]),
    ...neverDone(moves, target),
  ];
}
