import type { HintFailure, HintStep } from '../failure.js';
import { fieldOf } from '../hint-task.js';

type Condition = 'clean' | 'heat' | 'cool';

/** What a task of the household asks for; types are words such as `mug`. */
export interface HouseholdTarget {
  object: string;
  /** Null where something is to be looked at. */
  container: string | null;
  /** What has to be done to the object first. */
  condition: Condition | null;
  count: 1 | 2;
}

/** What a player knows from what was carried out so far. */
interface Belief {
  at: string | null;
  holding: string | null;
  closed: ReadonlySet<string>;
}

/** A command of the household in its parts, with what was known before it. */
export interface Move extends HintStep {
  turn: number;
  /** Null for what is not in the grammar. */
  verb: string | null;
  object: string;
  /** The receptacle, or what else stands there. */
  place: string;
  before: Belief;
}

const grammar: readonly (readonly [verb: string, form: RegExp])[] = [
  ['look', /^(?:look|inventory|help)$/],
  ['go', /^go to (?<place>.+)$/],
  ['open', /^open (?<place>.+)$/],
  ['close', /^close (?<place>.+)$/],
  ['take', /^take (?<object>.+?) from (?<place>.+)$/],
  ['move', /^move (?<object>.+?) to (?<place>.+)$/],
  ['move', /^put (?<object>.+?) (?:in\/on|in|on) (?<place>.+)$/],
  ['clean', /^clean (?<object>.+?) with (?<place>.+)$/],
  ['heat', /^heat (?<object>.+?) with (?<place>.+)$/],
  ['cool', /^cool (?<object>.+?) with (?<place>.+)$/],
  ['slice', /^slice (?<object>.+?) with (?<place>.+)$/],
  ['use', /^use (?<object>.+)$/],
  ['examine', /^examine (?<object>.+)$/],
];

function parse(command: string | null): Pick<Move, 'verb' | 'object' | 'place'> {
  for (const [verb, form] of grammar) {
    const match = form.exec(command?.trim() ?? '');
    if (match) return { verb, object: match.groups?.object ?? '', place: match.groups?.place ?? '' };
  }
  return { verb: null, object: '', place: '' };
}

/** Receptacles that a text calls closed, or open. */
function named(text: string, state: 'closed' | 'open'): string[] {
  return Array.from(text.matchAll(new RegExp(`The ([a-z]+ \\d+) is ${state}\\.`, 'g')), ([, name = '']) => name);
}

function afterMove({ before, executed, object, observation, place, verb }: Move): Belief {
  const closed = new Set(before.closed);
  for (const name of named(observation, 'closed')) closed.add(name);
  for (const name of named(observation, 'open')) closed.delete(name);
  if (!executed) return { ...before, closed };
  if (verb === 'open') closed.delete(place);
  if (verb === 'close') closed.add(place);
  return {
    at: verb === 'go' ? place : before.at,
    holding: verb === 'take' ? object : verb === 'move' ? null : before.holding,
    closed,
  };
}

/** The type in a name such as `mug 2`. */
export const typeOf = (name: string) => name.replace(/ \d+$/, '');

/** The commands of an episode in order. */
export function movesOf(steps: readonly HintStep[]): Move[] {
  let before: Belief = { at: null, holding: null, closed: new Set() };
  return steps.map((step, turn) => {
    const move = { ...step, ...parse(step.command), turn, before };
    before = afterMove(move);
    return move;
  });
}

const conditions: ReadonlyMap<unknown, Condition> = new Map([
  ['clean', 'clean'],
  ['hot', 'heat'],
  ['heat', 'heat'],
  ['cool', 'cool'],
]);

const wordings = [
  /(?:put|find) (?<count>two) (?<object>\w+)(?: and put them)? (?:in|on) (?<container>\w+)/,
  /(?<condition>clean|heat|cool) some (?<object>\w+) and put it (?:in|on) (?<container>\w+)/,
  /put an? (?<condition>clean|hot|cool) (?<object>\w+) (?:in|on) (?<container>\w+)/,
  /put (?:an?|some) (?<object>\w+) (?:in|on) (?<container>\w+)/,
  /(?:look at|examine) (?:an? |the )?(?<object>\w+) (?:under|with|in) the \w+/,
];

/** What a task asks for: as its game says (`metadata.household.goal`), else as its words say; null when neither does. */
export function householdTarget({ goal: words, metadata }: HintFailure): HouseholdTarget | null {
  const goal = fieldOf(fieldOf(metadata, 'household'), 'goal');
  const object = fieldOf(goal, 'object');
  if (typeof object === 'string') {
    const container = fieldOf(goal, 'receptacle');
    return {
      object,
      container: typeof container === 'string' ? container : null,
      condition: conditions.get(fieldOf(goal, 'condition')) ?? null,
      count: fieldOf(goal, 'count') === 2 ? 2 : 1,
    };
  }
  for (const wording of wordings) {
    const found = wording.exec(words.toLowerCase().replaceAll('in/on', 'in'))?.groups;
    if (found?.object === undefined) continue;
    return {
      object: found.object,
      container: found.container ?? null,
      condition: conditions.get(found.condition) ?? null,
      count: found.count === undefined ? 1 : 2,
    };
  }
  return null;
}
