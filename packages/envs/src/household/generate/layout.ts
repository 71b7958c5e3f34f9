import type { Random } from '@dgpo/trajectory';
import { openableReceptacles } from '../domain.js';
import { listed } from '../names.js';
import type { HouseholdReceptacle } from '../types.js';
import { type RoomKind, stackable } from './rooms.js';

/** A room without its objects. */
export interface Layout {
  /** Kind and number: `kitchen-12`. */
  id: string;
  kind: RoomKind;
  /** Each with the class that it is of. */
  receptacles: readonly (HouseholdReceptacle & { className: string })[];
  start: string;
}

/** Draws the furniture of a room: what there is, what opens, and what is used from the same spot. */
export function drawLayout({ kind, number, random }: { kind: RoomKind; number: number; random: Random }): Layout {
  const classNames = kind.furniture.flatMap(({ className, least, most }) => {
    return new Array<string>(least + random.integer(most - least + 1)).fill(className);
  });
  let spots = 0;
  let previous: string | null = null;
  const receptacles = listed(classNames).map(({ className, name, type }) => {
    const shared = !kind.ownSpots && className === previous && stackable.has(className) && random.next() < 0.3;
    if (!shared) spots++;
    previous = className;
    // Some cabinets and drawers of the simulator's rooms cannot be opened, and show what is in them.
    const fixed = stackable.has(className) && random.next() < 0.1;
    const openable = openableReceptacles.has(className) && !fixed;
    return { className, name, type, location: `loc ${spots}`, openable, opened: false };
  });
  return { id: `${kind.name}-${number}`, kind, receptacles, start: 'loc 0' };
}
