import type { Task } from '@dgpo/trajectory';
import { familyOf } from '../goal.js';
import { readProblem } from '../pddl/read-problem.js';
import type { HouseholdGame, HouseholdGoal } from '../types.js';
import { kitchenProblem } from './alfworld-files.js';

/** The scanned kitchen, with another goal where one is given. */
export function kitchenGame(goal: Partial<HouseholdGoal> = {}): HouseholdGame {
  const problem = readProblem(kitchenProblem, (line) => `kitchen line ${line}`);
  const changed = { ...problem.goal, ...goal };
  return {
    ...problem,
    goal: changed,
    family: familyOf(changed),
    layout: 'FloorPlan10',
    instruction: 'put a clean mug in fridge',
    style: { place: 'move', arrive: 'receptacle', help: true },
  };
}

export function taskOf(game: unknown): Task {
  return { id: 'kitchen', question: '', goldenAnswers: [], metadata: { household: game } };
}
