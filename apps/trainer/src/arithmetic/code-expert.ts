import type { EpisodeState } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import { readCountry } from '../atlas/passages.js';
import { type ArithmeticPlan, type CountryTerm, countryQuery, listed, numberQuery, planOf } from './arithmetic-plan.js';
import { type Calculation, calculate } from './calculate.js';
import { readNumber } from './number-passages.js';

/** A turn of code that was carried out: what it said and what it printed. */
export interface CodeObservation {
  code: string;
  stdout: string;
}

interface CodeExpertOptions {
  /** A task of arithmetic over the demo world. */
  task: Task;
  /** In order; in an environment the actions of code. */
  observations: readonly CodeObservation[];
}

/** What the expert does in a turn: searches, or the answer. */
export type CodeExpertMove = { thought: string } & ({ queries: string[] } | { calculation: Calculation });

const giveUp: CodeExpertMove = {
  thought: 'I cannot find it.',
  calculation: { expression: '"unknown"', answer: 'unknown' },
};

/** The country of a term: named, or read from what was printed. */
function countryOf({ by, value }: CountryTerm, sentences: readonly string[]): string | undefined {
  if (by === 'name') return value;
  return sentences.map((sentence) => readCountry(sentence, { field: by, value })).find((name) => name !== undefined);
}

function numberOf(field: ArithmeticPlan['field'], country: string, sentences: readonly string[]): number | undefined {
  return sentences.map((sentence) => readNumber(sentence, { country, field })).find((number) => number !== undefined);
}

/**
 * The next move of the expert. It takes its plan from the task and every fact from what was printed: it looks up what is
 * missing, country or number, and reckons when nothing is. What a search of its own did not bring makes it answer `unknown`.
 * @throws DatasetError when the task is none of arithmetic over the demo world
 */
export function codeExpertMove({ task, observations }: CodeExpertOptions): CodeExpertMove {
  const { operation, field, countries: terms } = planOf(task);
  const sentences = observations.flatMap(({ stdout }) => stdout.split('\n').map((line) => line.trim()));
  const known = terms.map((term) => {
    const country = countryOf(term, sentences);
    return { term, country, number: country === undefined ? undefined : numberOf(field, country, sentences) };
  });
  const queries = known.flatMap(({ term, country, number }) => {
    if (country === undefined) return [countryQuery(term)];
    return number === undefined ? [numberQuery(field, country)] : [];
  });
  if (queries.length === 0) {
    const names = known.map(({ country = '' }) => country);
    const numbers = known.map(({ number = 0 }) => number);
    const facts = listed(known.map(({ country, number }) => `${country} has ${number}`));
    return { thought: `${facts}.`, calculation: calculate({ operation, numbers, names }) };
  }
  const asked = (query: string) => observations.some(({ code }) => code.includes(JSON.stringify(query)));
  if (queries.some(asked)) return giveUp;
  const found = known.flatMap(({ term, country }) => (term.by === 'name' || country === undefined ? [] : [country]));
  const before = found.length === 0 ? '' : `It is ${listed(found)}. `;
  return { thought: `${before}I need the ${listed(queries)}.`, queries };
}

/** The code of a move: a line for each search, or the answer. */
export function moveCode(move: CodeExpertMove): string {
  if ('calculation' in move) return `final_answer(${move.calculation.expression})`;
  return move.queries.map((query) => `print(search(${JSON.stringify(query)}))`).join('\n');
}

/**
 * A move as the turn of a policy.
 * @param firstThought in place of the move's own thought, such as the first step of a chain of thought
 */
export function writeMove(move: CodeExpertMove, firstThought?: string): string {
  return `Thought: ${firstThought ?? move.thought}\nCode:\n\`\`\`py\n${moveCode(move)}\n\`\`\`<end_code>`;
}

/**
 * The next turn of the scripted expert in a state of the code environment: a thought and a block of Python.
 * @throws DatasetError when the task is none of arithmetic over the demo world
 */
export function codeExpert({ task, actions }: Pick<EpisodeState, 'task' | 'actions'>): string {
  const observations = actions.flatMap(({ kind, code = '', stdout = '' }) =>
    kind === 'code' ? [{ code, stdout }] : [],
  );
  return writeMove(codeExpertMove({ task, observations }));
}
