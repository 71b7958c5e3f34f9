import type { HintStep } from '../failure.js';

/** Longest round of a loop, in turns. */
const longestRound = 4;

const sameTurn = (one: HintStep | undefined, other: HintStep | undefined) =>
  one !== undefined && other !== undefined && one.command === other.command && one.observation === other.observation;

/**
 * The first turn of a round of 2 to 4 turns that comes again at once, with the same commands and the same answers; undefined without
 * one. Turns that are all alike are no round.
 */
export function findLoop(steps: readonly HintStep[]): number | undefined {
  for (let start = 0; start < steps.length; start++) {
    for (let round = 2; round <= longestRound && start + 2 * round <= steps.length; round++) {
      const turns = steps.slice(start, start + round);
      if (turns.every((step) => step.command === turns[0]?.command)) continue;
      if (turns.every((step, offset) => step.command !== null && sameTurn(step, steps[start + round + offset]))) {
        return start;
      }
    }
  }
  return undefined;
}

/** The first of `times` turns in a row with the same command; undefined without them. */
export function findRepeated(steps: readonly HintStep[], times: number): number | undefined {
  let start = 0;
  for (const [turn, { command }] of steps.entries()) {
    if (command === null || command !== steps[start]?.command) start = turn;
    else if (turn - start + 1 >= times) return start;
  }
  return undefined;
}
