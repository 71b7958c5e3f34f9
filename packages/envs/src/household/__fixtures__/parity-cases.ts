import { createRandom } from '@dgpo/trajectory';
import { createHouseholdGames } from '../generate/create-household-games.js';
import { createHousehold } from '../household.js';
import { writeProblem } from '../pddl/write-problem.js';
import { startGame } from '../start-game.js';
import type { HouseholdGame } from '../types.js';
import { kitchenProblem } from './alfworld-files.js';
import { kitchenGame } from './kitchen-game.js';

/** A game, the problem that says it in PDDL, and commands to play. */
export interface ParityCase {
  name: string;
  problem: string;
  game: HouseholdGame;
  commands: string[];
}

/** A walk through the scanned room past every rule of what is read. */
const tour = `go to cabinet 1; take mug 1 from cabinet 1; examine mug 1; take mug 2 from cabinet 3; move mug 1 to cabinet 3
  examine cabinet 3; close cabinet 3; take mug 1 from cabinet 3; go to sinkbasin 1; take potato 1 from sinkbasin 1; examine potato 1
  clean potato 1 with sinkbasin 1; examine potato 1; go to microwave 1; heat potato 1 with microwave 1; examine potato 1
  go to countertop 1; move potato 1 to countertop 1; examine potato 1; take knife 1 from countertop 1; examine knife 1
  slice potato 1 with knife 1; slice apple 2 with knife 1; slice apple 1 with knife 1; clean knife 1 with sinkbasin 1
  examine knife 1; move knife 1 to sinkbasin 1; take potato 1 from countertop 1; examine potato 1; go to fridge 1
  cool potato 1 with fridge 1; move potato 1 to fridge 1; open fridge 1; move potato 1 to fridge 1; look; go to countertop 1
  take apple 2 from countertop 1; examine apple 2; go to microwave 1; heat apple 2 with microwave 1; examine apple 2; go to fridge 1
  cool apple 2 with fridge 1; examine apple 2; go to sinkbasin 1; clean apple 2 with sinkbasin 1; examine apple 2; use desklamp 1
  use desklamp 1; examine desklamp 1; move apple 2 to sinkbasin 1; look; inventory; put knife 1 in/on countertop 1`
  .split(/;|\n/)
  .map((command) => command.trim());

/** Given commands, random ones with nonsense among them, then the expert's to the end. */
function commandsFor(
  game: HouseholdGame,
  { seed = 0, steps = 0, first = [] }: { seed?: number; steps?: number; first?: readonly string[] },
): string[] {
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
  for (const command of first) play(command);
  for (let step = 0; step < steps && !won; step++) {
    const admissible = world.admissibleCommands(state);
    const hands = admissible.filter((command) => !/^(go|look|help|inventory|examine)/.test(command));
    if (random.next() < 0.05) play(random.pick(['dance', 'go to moon 1', 'take apple 1', 'Look', ' look ', '']));
    else play(random.pick(hands.length > 0 && random.next() < 0.6 ? hands : admissible));
  }
  for (let step = 0; step < 50 && !won; step++) play(world.expert(state));
  return commands;
}

/** What `tools/parity/household.py` plays in TextWorld, and `parity.test.ts` here. */
export function parityCases(): ParityCase[] {
  const toured = kitchenGame();
  const guided = { name: 'scanned-tour', problem: kitchenProblem, game: toured, commands: commandsFor(toured, { first: tour }) };
  const scanned = [1, 2, 3].map((seed) => {
    const game = kitchenGame();
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
  return [guided, ...scanned, ...drawn];
}
