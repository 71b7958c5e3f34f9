import type { TextWorld } from '../text-world/text-world.js';
import { actionsOf } from './actions.js';
import { applyAction } from './apply-action.js';
import { expertCommand } from './expert.js';
import { goalReached } from './goal.js';
import { observeAction, observeStart } from './observe.js';
import { readTask } from './read-task.js';
import { startGame } from './start-game.js';
import type { HouseholdState, HouseholdStyle } from './types.js';

/** Steps after which the original ends an episode; the environment around a world counts them. */
export const householdMaxSteps = 50;

export interface HouseholdOptions {
  /**
   * How the expert plays: `search` knows what a player has been shown and looks for the rest, `planner` knows where everything is.
   * @default 'search'
   */
  expert?: 'search' | 'planner';
  /**
   * Also understand the other spelling of putting things down: `put mug 1 in/on shelf 1`, `put mug 1 in shelf 1` and
   * `put mug 1 on shelf 1` where the game says `move mug 1 to shelf 1`, and the other way round. What is read, and what is listed as
   * admissible, stays in the game's spelling.
   * @default false
   */
  acceptBothSpellings?: boolean;
}

const instructionsFor = (
  place: HouseholdStyle['place'],
) => `You are in a room of a house and have one task to do there. One command per turn:
look
inventory
go to RECEPTACLE
open RECEPTACLE
close RECEPTACLE
take OBJECT from RECEPTACLE
${place === 'move' ? 'move OBJECT to RECEPTACLE' : 'put OBJECT in/on RECEPTACLE'}
examine RECEPTACLE or OBJECT
use LAMP
clean OBJECT with SINKBASIN
heat OBJECT with MICROWAVE
cool OBJECT with FRIDGE
slice OBJECT with KNIFE
Names have a number, as in "cabinet 2". One object fits into your hands. Go to a receptacle before you use it, and open it if it is closed.
A command that cannot be carried out is answered with "Nothing happens."`;

const spellings = [/^move (?<object>.+) to (?<place>.+)$/, /^put (?<object>.+) (?:in\/on|in|on) (?<place>.+)$/];

/** The spelling of the game for a command that puts something down; other commands as they are. */
function respell(state: HouseholdState, command: string): string {
  for (const spelling of spellings) {
    const { object, place } = spelling.exec(command)?.groups ?? {};
    if (object === undefined || place === undefined) continue;
    return state.game.style.place === 'move' ? `move ${object} to ${place}` : `put ${object} in/on ${place}`;
  }
  return command;
}

/**
 * The text world of ALFWorld (arXiv 2010.03768): rooms with furniture and objects, six families of tasks. It plays games of
 * `createHouseholdGames` and files that `loadAlfworldGames` has read, both from the task alone. Reward 1 when the goal is reached.
 *
 * Source: alfworld/data/alfred.pddl and alfred.twl2 (MIT) in the reading of TextWorld's PDDL engine, with its quirks: a microwave need
 * not be open to heat what is in hand, going where one stands does nothing, and only an object in hand can be examined. Differences:
 * the title line is left out, and `help` has words of its own. Games of old files have instructions that say `put`, as they do.
 */
export function createHousehold({
  acceptBothSpellings = false,
  expert = 'search',
}: HouseholdOptions = {}): TextWorld<HouseholdState> {
  return {
    name: 'household',
    instructions: instructionsFor('move'),
    start(task) {
      const state = startGame(readTask(task));
      const observation = observeStart(state);
      const { place } = state.game.style;
      return place === 'move' ? { state, observation } : { state, observation, instructions: instructionsFor(place) };
    },
    step(state, command) {
      const trimmed = command.trim();
      const action = actionsOf(state).get(acceptBothSpellings ? respell(state, trimmed) : trimmed);
      const next = action ? applyAction(state, action) : state;
      return {
        state: next,
        observation: action ? observeAction(next, action) : 'Nothing happens.',
        executed: action !== undefined,
        result: goalReached(next) ? { correct: true, reward: 1 } : null,
      };
    },
    admissibleCommands: (state) => [...actionsOf(state).keys()].sort(),
    expert: (state) => expertCommand(state, { omniscient: expert === 'planner' }),
  };
}
