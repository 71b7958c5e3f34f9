import { createRandom } from '@dgpo/trajectory';
import { createHouseholdGames } from '../generate/create-household-games.js';
import { createHousehold } from '../household.js';
import { readProblem } from '../pddl/read-problem.js';
import { writeProblem } from '../pddl/write-problem.js';
import { startGame } from '../start-game.js';
import type { HouseholdGame } from '../types.js';
import { kitchenProblem } from './alfworld-files.js';

/** A game, the problem that says it in PDDL, and commands to play. */
export interface ParityCase {
  name: string;
  problem: string;
  game: HouseholdGame;
  commands: string[];
}

/** Random commands, nonsense among them, then the expert's to the end. */
function commandsFor(game: HouseholdGame, { seed, steps }: { seed: number; steps: number }): string[] {
  const world = createHousehold();
  const random = createRandom(seed);
  const commands: string[] = [];
  let state = startGame(game);
  let won = false;
  const play = (command: string) => {
    commands.push(command);
    const step = world.step(state, command);
    state = step.state;
    won = step.result !== null;
  };
  for (let step = 0; step < steps && !won; step++) {
    const admissible = world.admissibleCommands(state);
    const hands = admissible.filter((command) => !/^(go|look|help|inventory|examine)/.test(command));
    if (random.next() < 0.05) play(random.pick(['dance', 'go to moon 1', 'take apple 1', 'Look', ' look ', '']));
    else play(random.pick(hands.length > 0 && random.next() < 0.6 ? hands : admissible));
  }
  for (let step = 0; step < 50 && !won; step++) play(world.expert(state));
  return commands;
}

/** The problem of a scanned room, with a goal that no walk reaches by chance. */
function scannedRoom(): HouseholdGame {
  const problem = readProblem(kitchenProblem, (line) => `kitchen line ${line}`);
  return {
    ...problem,
    family: 'pick_clean_then_place_in_recep',
    layout: 'FloorPlan10',
    instruction: 'put a clean mug in fridge',
    style: { place: 'move', arrive: 'receptacle', help: true },
  };
}

/** What `tools/parity/household.py` plays in TextWorld, and `parity.test.ts` here. */
export function parityCases(): ParityCase[] {
  const scanned = [1, 2, 3].map((seed) => {
    const game = scannedRoom();
    return { name: `scanned-${seed}`, problem: kitchenProblem, game, commands: commandsFor(game, { seed, steps: 120 }) };
  });
  const drawn = (['train', 'valid_unseen'] as const).flatMap((split) => {
    return createHouseholdGames({ seed: 0, perFamily: 1, split }).map(({ id, metadata }) => {
      const game = metadata?.household as HouseholdGame;
      return {
        name: id,
        problem: writeProblem(game, { name: id }),
        game,
        commands: commandsFor(game, { seed: 4, steps: 60 }),
      };
    });
  });
  return [...scanned, ...drawn];
}
