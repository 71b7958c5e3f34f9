import { createHousehold, createHouseholdGames, householdMaxSteps } from '@dgpo/envs/household';
import { createCatalogue, createGoals, createWebshop, webshopMaxSteps } from '@dgpo/envs/webshop';
import { createRandom, type Task } from '@dgpo/trajectory';

export interface TextWorldFigures {
  world: string;
  episodes: number;
  steps: number;
  /** In a second of this process's processor time, which a busy machine changes less than time on the wall. */
  stepsPerCpuSecond: number;
}

/** The part of a text world that a player meets. */
interface World<State> {
  name: string;
  start(task: Task): { state: State };
  step(state: State, command: string): { state: State; result: object | null };
  admissibleCommands(state: State): string[];
}

interface Play<State> {
  world: World<State>;
  tasks: readonly Task[];
  episodes: number;
  maxSteps: number;
}

/** Plays the tasks in turn with random admissible commands. */
function play<State>({ world, tasks, episodes, maxSteps }: Play<State>): TextWorldFigures {
  const random = createRandom(0);
  let steps = 0;
  const before = process.cpuUsage();
  for (let episode = 0; episode < episodes; episode++) {
    let { state } = world.start(tasks[episode % tasks.length] as Task);
    for (let turn = 0; turn < maxSteps; turn++) {
      const step = world.step(state, random.pick(world.admissibleCommands(state)));
      steps += 1;
      state = step.state;
      if (step.result !== null) break;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { world: world.name, episodes, steps, stepsPerCpuSecond: steps / ((user + system) / 1e6) };
}

/** A tenth of the episodes first, which are not counted. */
function measure<State>(options: Play<State>): TextWorldFigures {
  play({ ...options, episodes: Math.ceil(options.episodes / 10) });
  return play(options);
}

/** Household and webshop with their default games and products, on one core, listing the admissible commands included. */
export function textWorldFigures({ episodes }: { episodes: number }): TextWorldFigures[] {
  const catalogue = createCatalogue();
  return [
    measure({
      world: createHousehold(),
      tasks: createHouseholdGames({ seed: 0 }),
      episodes,
      maxSteps: householdMaxSteps,
    }),
    measure({
      world: createWebshop({ catalogue }),
      tasks: createGoals({ catalogue }),
      episodes,
      maxSteps: webshopMaxSteps,
    }),
  ];
}
