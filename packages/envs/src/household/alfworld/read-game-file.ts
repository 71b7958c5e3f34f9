import { DatasetError } from '@dgpo/trajectory';
import { jsonErrorLine } from '../../rows/json-error-line.js';
import { familyOf } from '../goal.js';
import { readProblem } from '../pddl/read-problem.js';
import type { HouseholdGame, HouseholdStyle } from '../types.js';

/** The operators of the domain that this world carries out. */
const knownActions = new Set([
  'look',
  'inventory',
  'help',
  'examinereceptacle',
  'examineobject',
  'gotolocation',
  'openobject',
  'closeobject',
  'pickupobject',
  'putobject',
  'cleanobject',
  'heatobject',
  'coolobject',
  'toggleobject',
  'sliceobject',
]);

/**
 * Reads a JSON object.
 *
 * @throws DatasetError with file and line
 */
export function parseJsonObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DatasetError('JSON was expected', { where: `${file}:${jsonErrorLine(text)}`, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DatasetError('a JSON object was expected', { where: `${file}:1` });
  }
  return { ...value };
}

function checkDomain(domain: string, where: string): void {
  const actions = [...domain.replace(/;[^\n]*/g, '').matchAll(/\(:action\s+([\w-]+)/g)].map(([, name = '']) =>
    name.toLowerCase(),
  );
  const unknown = actions.find((name) => !knownActions.has(name));
  const missing = [...knownActions].find((name) => name !== 'help' && !actions.includes(name));
  if (unknown !== undefined)
    throw new DatasetError(`the actions of ALFWorld's domain were expected, not "${unknown}"`, { where });
  if (missing !== undefined)
    throw new DatasetError(`an action "${missing}" was expected, as in ALFWorld's domain`, { where });
}

function readStyle(grammar: string, where: string): HouseholdStyle {
  const puts = grammar.includes('put {o} in/on {r}');
  if (!puts && !grammar.includes('move {o} to {r}')) {
    throw new DatasetError('a template "move {o} to {r}" or "put {o} in/on {r}" was expected', { where });
  }
  return {
    place: puts ? 'put' : 'move',
    arrive: grammar.includes('You arrive at {lend.name}') ? 'location' : 'receptacle',
    help: /^\s*action\s+help\b/m.test(grammar),
  };
}

function readInstruction(grammar: string, where: string): string {
  const sentence = /"Your task is to: (?:[^"\\]|\\.)*"/.exec(grammar)?.[0] ?? '""';
  const instruction = String(JSON.parse(sentence))
    .replace(/^Your task is to: /, '')
    .replace(/\.$/, '')
    .trim();
  if (instruction === '' || instruction === 'UNKNOWN GOAL') {
    throw new DatasetError('a rule "Your task is to: …." with the goal in words was expected', { where });
  }
  return instruction;
}

/** A game of a file, and whether the file says that it can be solved. */
export interface GameFile {
  game: HouseholdGame;
  solvable: boolean;
}

/**
 * Reads the text of a `game.tw-pddl`: a JSON object with `pddl_domain`, `grammar`, `pddl_problem` and `solvable`.
 *
 * @throws DatasetError with file, line and what was expected
 */
export function readGameFile(text: string, { file, layout }: { file: string; layout: string }): GameFile {
  const data = parseJsonObject(text, file);
  const part = (key: string): string => {
    const value = data[key];
    if (typeof value !== 'string') throw new DatasetError(`a text "${key}" was expected`, { where: `${file}:1` });
    return value;
  };
  checkDomain(part('pddl_domain'), `${file}, pddl_domain`);
  const grammar = part('grammar');
  const problem = readProblem(part('pddl_problem'), (line) => `${file}, pddl_problem line ${line}`);
  const game: HouseholdGame = {
    family: familyOf(problem.goal),
    layout,
    instruction: readInstruction(grammar, `${file}, grammar`),
    style: readStyle(grammar, `${file}, grammar`),
    ...problem,
  };
  return { game, solvable: data.solvable === true };
}
