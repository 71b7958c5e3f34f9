import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parityCases } from './__fixtures__/parity-cases.js';
import { createHousehold } from './household.js';
import { readProblem } from './pddl/read-problem.js';

interface Golden {
  name: string;
  problem: string;
  /** The first observation and a digest of the admissible commands. */
  start: [string, string];
  /** Command, observation, score, and a digest of the commands that are admissible after it. */
  steps: [string, string, number, string][];
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const digest = (commands: readonly string[]) => sha256(commands.join('\n')).slice(0, 8);

const file = new URL('./__fixtures__/textworld.json', import.meta.url);
const goldens: Golden[] = JSON.parse(await readFile(file, 'utf8')).cases;
const cases = new Map(parityCases().map((each) => [each.name, each]));

test('the goldens are of the games that are compared', () => {
  expect(goldens.map(({ name }) => name)).toEqual([...cases.keys()]);
  for (const { name, problem } of goldens) expect(sha256(cases.get(name)?.problem ?? '').slice(0, 16)).toBe(problem);
});

/** What is left out of the original's first observation: the title line, and the goal that its grammar has a gap for. */
const facts = (observation: string) => observation.replace(/^-=.*\n\n/, '').replace(/\n\nYour task is to: .*/, '');

test.each(goldens)('TextWorld answers the same in $name', ({ name, start, steps }) => {
  const known = cases.get(name);
  if (!known) throw new Error(name);
  const world = createHousehold();
  // As drawn, and as read back from the problem that TextWorld has played.
  const games = [known.game, { ...known.game, ...readProblem(known.problem, String) }];
  for (const game of games) {
    const task = { id: name, question: '', goldenAnswers: [], metadata: { household: game } };
    const { observation, state: first } = world.start(task);
    let state = first;
    expect(facts(observation)).toBe(facts(start[0]));
    expect(digest(world.admissibleCommands(state))).toBe(start[1]);
    for (const [index, golden] of steps.entries()) {
      const [command] = golden;
      const step = world.step(state, command);
      state = step.state;
      const read = command.trim() === 'help' ? '' : step.observation;
      const ours = [command, read, step.result?.reward ?? 0, digest(world.admissibleCommands(state))];
      expect(ours, `step ${index}`).toEqual(golden);
    }
  }
});
