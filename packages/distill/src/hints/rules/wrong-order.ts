import type { HintFinding } from './finding.js';
import { type HouseholdTarget, type Move, typeOf } from './household-walk.js';

const participles = { clean: 'cleaned', heat: 'heated', cool: 'cooled' } as const;

/** Things done in the wrong order: put down before they were ready, lit before they were fetched. */
export function wrongOrder(moves: readonly Move[], target: HouseholdTarget | null): HintFinding[] {
  if (target === null) return [];
  const { condition, container, object } = target;
  const found: HintFinding[] = [];
  const ready = new Set<string>();
  for (const { before, executed, object: name, place, turn, verb } of moves) {
    if (!executed) continue;
    if (verb === condition) ready.add(name);
    // One undoes the other.
    if ((verb === 'heat' && condition === 'cool') || (verb === 'cool' && condition === 'heat')) ready.delete(name);
    const isPlaced = verb === 'move' && typeOf(name) === object && typeOf(place) === container;
    if (isPlaced && condition !== null && !ready.has(name)) {
      const hint = `Put the {object} into the {container} only after you have ${participles[condition]} it.`;
      found.push({ rule: 'wrong-order', turn, hint });
    }
    if (container === null && verb === 'use' && (before.holding === null || typeOf(before.holding) !== object)) {
      found.push({ rule: 'wrong-order', turn, hint: 'Take the {object} first, then use the lamp while you hold it.' });
    }
  }
  return found;
}

/** What was never done although the task needs it: the last thing that is missing. */
export function neverDone(moves: readonly Move[], target: HouseholdTarget | null): HintFinding[] {
  if (target === null || moves.length === 0) return [];
  const { condition, container, count, object } = target;
  const turn = moves.length - 1;
  const done = moves.filter(({ executed, object: name }) => executed && typeOf(name) === object);
  const taken = new Set(done.filter(({ verb }) => verb === 'take').map(({ object: name }) => name));
  const placed = done.filter(({ place, verb }) => verb === 'move' && typeOf(place) === container);
  if (taken.size === 0) {
    const hint = 'Search one {location} after another, and open each closed {container}, until you see the {object}.';
    return [{ rule: 'never-found', turn, hint }];
  }
  if (condition !== null && !done.some(({ verb }) => verb === condition)) {
    return [
      { rule: 'never-prepared', turn, hint: `Once you hold the {object}, ${condition} it before anything else.` },
    ];
  }
  if (container !== null && placed.length === 0) {
    return [{ rule: 'never-placed', turn, hint: 'Carry the {object} to the {container} as soon as it is ready.' }];
  }
  if (count === 2 && new Set(placed.map(({ object: name }) => name)).size < 2) {
    const hint = 'After the first {object}, find a second one and put it into the same {container}.';
    return [{ rule: 'never-placed', turn, hint }];
  }
  if (container === null && !moves.some(({ executed, verb }) => executed && verb === 'use')) {
    const hint = 'Carry the {object} to the {location} of the lamp and use the lamp there.';
    return [{ rule: 'never-lit', turn, hint }];
  }
  return [];
}
