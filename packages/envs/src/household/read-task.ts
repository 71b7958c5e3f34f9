import { DatasetError, type Task } from '@dgpo/trajectory';
import {
  abilities,
  conditions,
  type HouseholdGame,
  type HouseholdGoal,
  type HouseholdObject,
  type HouseholdReceptacle,
  householdFamilies,
} from './types.js';

const maxEntries = 5000;

/** A value at a path of the game; every reader says what it expected where. */
interface Field {
  value: unknown;
  path: string;
  where: string;
}

function expected({ path, where }: Field, what: string): DatasetError {
  const message = `${path}: expected ${what}; tasks of this world come from createHouseholdGames or loadAlfworldGames`;
  return new DatasetError(message, { where });
}

function entries(field: Field): Map<string, Field> {
  const { path, value, where } = field;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected(field, 'an object');
  return new Map(Object.entries(value).map(([key, entry]) => [key, { value: entry, path: `${path}.${key}`, where }]));
}

/** Readers of the keys of an object. */
function record(field: Field) {
  const fields = entries(field);
  return (key: string): Field =>
    fields.get(key) ?? { value: undefined, path: `${field.path}.${key}`, where: field.where };
}

function text(field: Field): string {
  if (typeof field.value !== 'string' || field.value.length > 500)
    throw expected(field, 'a text of at most 500 characters');
  return field.value;
}

function flag(field: Field): boolean {
  if (typeof field.value !== 'boolean') throw expected(field, 'true or false');
  return field.value;
}

function oneOf<const Value>(field: Field, values: readonly Value[]): Value {
  const found = values.find((value) => value === field.value);
  if (found === undefined) throw expected(field, `one of ${values.join(', ')}`);
  return found;
}

function list<Item>(field: Field, read: (item: Field) => Item): Item[] {
  const { path, value, where } = field;
  if (!Array.isArray(value) || value.length > maxEntries) throw expected(field, `a list of at most ${maxEntries}`);
  return value.map((item: unknown, index) => read({ value: item, path: `${path}[${index}]`, where }));
}

function readGoal(field: Field): HouseholdGoal {
  const at = record(field);
  const textOrNull = (entry: Field) => (entry.value === null ? null : text(entry));
  return {
    object: text(at('object')),
    receptacle: textOrNull(at('receptacle')),
    lamp: textOrNull(at('lamp')),
    condition: oneOf(at('condition'), ['clean', 'hot', 'cool', null]),
    sliced: flag(at('sliced')),
    count: oneOf(at('count'), [1, 2]),
  };
}

function readReceptacle(field: Field): HouseholdReceptacle {
  const at = record(field);
  return {
    name: text(at('name')),
    type: text(at('type')),
    location: text(at('location')),
    openable: flag(at('openable')),
    opened: flag(at('opened')),
  };
}

function readObject(field: Field, receptacles: ReadonlySet<string>): HouseholdObject {
  const at = record(field);
  return {
    name: text(at('name')),
    type: text(at('type')),
    can: list(at('can'), (item) => oneOf(item, abilities)),
    is: list(at('is'), (item) => oneOf(item, conditions)),
    inside: list(at('inside'), (item) => {
      if (!receptacles.has(text(item))) throw expected(item, 'the name of one of the receptacles');
      return text(item);
    }),
    at: list(at('at'), text),
    contents: list(at('contents'), text),
  };
}

/**
 * The game that a task carries in `metadata.household`.
 *
 * @throws DatasetError that names the task, the key and what was expected there
 */
export function readTask({ id, metadata }: Task): HouseholdGame {
  const game = { value: metadata?.household, path: 'metadata.household', where: `task ${id}` };
  const at = record(game);
  const style = record(at('style'));
  const receptacles = list(at('receptacles'), readReceptacle);
  const names = new Set(receptacles.map(({ name }) => name));
  const objects = list(at('objects'), (item) => readObject(item, names));
  if (names.size < receptacles.length) throw expected(at('receptacles'), 'names that occur once');
  if (new Set(objects.map(({ name }) => name)).size < objects.length) {
    throw expected(at('objects'), 'names that occur once');
  }
  return {
    family: oneOf(at('family'), householdFamilies),
    layout: text(at('layout')),
    goal: readGoal(at('goal')),
    instruction: text(at('instruction')),
    style: {
      place: oneOf(style('place'), ['move', 'put']),
      arrive: oneOf(style('arrive'), ['receptacle', 'location']),
      help: flag(style('help')),
    },
    start: text(at('start')),
    receptacles,
    objects,
    canContain: Object.fromEntries([...entries(at('canContain'))].map(([type, types]) => [type, list(types, text)])),
  };
}
