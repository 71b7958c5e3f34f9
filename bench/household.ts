/**
 * Steps per second of the household world on one core, with random admissible commands, listing them included.
 *
 *   node --import tsx --conditions=@dgpo/source bench/household.ts
 */
import { createHousehold, createHouseholdGames, householdMaxSteps } from '@dgpo/envs/household';
import { createRandom } from '@dgpo/trajectory';

const world = createHousehold();
const tasks = createHouseholdGames({ seed: 0 });
const random = createRandom(0);

let steps = 0;
let won = 0;
const begin = performance.now();
for (const task of tasks) {
  let { state } = world.start(task);
  for (let turn = 0; turn < householdMaxSteps; turn++) {
    const step = world.step(state, random.pick(world.admissibleCommands(state)));
    steps++;
    state = step.state;
    if (step.result) {
      won++;
      break;
    }
  }
}
const seconds = (performance.now() - begin) / 1000;
console.log(
  `${steps} steps of ${tasks.length} games in ${seconds.toFixed(2)} s: ${Math.round(steps / seconds)} steps/s, ${won} games won`,
);
