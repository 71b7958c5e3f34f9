import { ConfigError, createRandom, type Random, type Task } from '@dgpo/trajectory';
import { actionsOf } from '../actions.js';
import { applyAction } from '../apply-action.js';
import { expertCommand } from '../expert.js';
import { goalReached } from '../goal.js';
import { householdMaxSteps } from '../household.js';
import { startGame } from '../start-game.js';
import { type HouseholdFamily, type HouseholdGame, householdFamilies } from '../types.js';
import { drawGame } from './draw-game.js';
import { drawLayout, type Layout } from './layout.js';
import { type RoomKind, roomKinds, smallRoomKinds } from './rooms.js';

/** Splits as ALFWorld names them: other games in the rooms of `train`, and rooms that `train` has not. */
export type HouseholdSplit = 'train' | 'valid_seen' | 'valid_unseen';

export interface HouseholdGamesOptions {
  seed: number;
  /**
   * Games of each of the six families.
   * @default 100
   */
  perFamily?: number;
  /** @default 'train' */
  split?: HouseholdSplit;
  /** @default all six */
  families?: readonly HouseholdFamily[];
  /**
   * `full` has the furniture and objects of ALFWorld's rooms; `small` a third of them, each piece of furniture at a spot of its own,
   * for models that read little. So little that most small rooms of `valid_unseen` are furnished like one of `train` (20 of 24 with
   * seed 0; of full rooms none): what differs is what lies where.
   * @default 'full'
   */
  size?: 'full' | 'small';
}

/** Of the 30 rooms of a kind, the first six are kept for `valid_unseen`. */
const roomsOfKind = 30;
const unseenRooms = 6;
const maxDraws = 200;

const kindsOf: Readonly<Record<HouseholdFamily, readonly RoomKind['name'][]>> = {
  pick_and_place_simple: ['kitchen', 'livingroom', 'bedroom', 'bathroom'],
  look_at_obj_in_light: ['livingroom', 'bedroom'],
  pick_clean_then_place_in_recep: ['kitchen', 'bathroom'],
  pick_heat_then_place_in_recep: ['kitchen'],
  pick_cool_then_place_in_recep: ['kitchen'],
  pick_two_obj_and_place: ['kitchen', 'livingroom', 'bedroom', 'bathroom'],
};

/** Whether the goal is open at first, and a player who has to search reaches it in time. */
function isSolvable(game: HouseholdGame): boolean {
  let state = startGame(game);
  for (let step = 0; step <= householdMaxSteps; step++) {
    if (goalReached(state)) return step > 0;
    const action = actionsOf(state).get(expertCommand(state, { omniscient: false }));
    if (!action) return false;
    state = applyAction(state, action);
  }
  return false;
}

/**
 * Games of the six families, the same for the same seed. Each task carries its whole game in `metadata.household`; `metadata.type` is the
 * family, `question` the goal in words. The furniture of a room comes from the seed and the room's number, its objects and the goal from
 * the game: rooms of `valid_unseen` (`metadata.layout`) occur in no other split, though small ones are mostly furnished alike. The
 * searching expert solves each game within {@link householdMaxSteps}.
 *
 * Left out of what ALFWorld's files have: floor lamps (all lamps are desk lamps), things that are sliced at the start or by the goal, and
 * things that lie in cups, plates and the like.
 *
 * @throws ConfigError for a number of games that is not a whole number from 1 to 10,000
 */
export function createHouseholdGames(options: HouseholdGamesOptions): Task[] {
  const { perFamily = 100, seed, split = 'train', families = householdFamilies, size = 'full' } = options;
  if (!Number.isInteger(perFamily) || perFamily < 1 || perFamily > 10_000) {
    throw new ConfigError(`perFamily: a whole number from 1 to 10,000 was expected, not ${perFamily}`);
  }
  const root = createRandom(seed).split('household');
  const kinds = size === 'small' ? smallRoomKinds : roomKinds;
  const layouts = new Map<string, Layout>();
  const layoutOf = (kind: RoomKind, number: number): Layout => {
    const known = layouts.get(`${kind.name}-${number}`);
    const layout = known ?? drawLayout({ kind, number, random: root.split('layout', kind.name, number) });
    layouts.set(layout.id, layout);
    return layout;
  };
  const drawTask = (family: HouseholdFamily, index: number, random: Random): Task => {
    for (let draw = 0; draw < maxDraws; draw++) {
      const kindName = random.pick(kindsOf[family]);
      const kind = kinds.find(({ name }) => name === kindName) as RoomKind;
      const room =
        split === 'valid_unseen'
          ? random.integer(unseenRooms)
          : unseenRooms + random.integer(roomsOfKind - unseenRooms);
      const number = kind.firstNumber + room;
      const drawn = drawGame({ family, layout: layoutOf(kind, number), random });
      if (!drawn || !isSolvable(drawn.game)) continue;
      const { game, object, target } = drawn;
      return {
        id: `${family}-${object}-None-${target}-${number}-${split}-${seed}-${index}${size === 'small' ? '-small' : ''}`,
        question: game.instruction,
        goldenAnswers: [],
        metadata: { type: family, split, layout: game.layout, household: game },
      };
    }
    throw new ConfigError(`seed: no game of ${family} came out of ${maxDraws} draws; take another seed than ${seed}`);
  };
  return families.flatMap((family) => {
    return Array.from({ length: perFamily }, (_, index) => drawTask(family, index, root.split(split, family, index)));
  });
}
