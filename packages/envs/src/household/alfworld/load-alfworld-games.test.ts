import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanMugGoal, domain, grammarOf, kitchenProblem, writeGame } from '../__fixtures__/alfworld-files.js';
import { createHousehold } from '../household.js';
import { loadAlfworldGames } from './load-alfworld-games.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'household-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('loads a game that plays as it is', async () => {
  const file = await writeGame({ directory });
  const [task, ...more] = await loadAlfworldGames({ directory });
  if (!task) throw new Error('no task');
  expect(more).toEqual([]);
  expect(task).toMatchObject({
    id: 'pick_clean_then_place_in_recep-Mug-None-Fridge-10/trial_T20190000_000000_000000',
    question: 'put a clean mug in fridge',
    goldenAnswers: [],
    metadata: { type: 'pick_clean_then_place_in_recep', layout: 'FloorPlan10', gamefile: file },
  });
  const world = createHousehold();
  let { observation, state } = world.start(task);
  expect(observation).toContain('Your task is to: put a clean mug in fridge.');
  for (let turn = 0; turn < 50; turn++) {
    const step = world.step(state, world.expert(state));
    state = step.state;
    if (step.result) {
      expect(step.result).toEqual({ correct: true, reward: 1 });
      return;
    }
  }
  expect.unreachable('the expert did not reach the goal');
});

test('an old game speaks as old games do', async () => {
  await writeGame({ directory, game: { grammar: grammarOf({ goal: 'put a clean mug in fridge', old: true }) } });
  const [task] = await loadAlfworldGames({ directory });
  expect(task?.metadata?.household).toMatchObject({ style: { place: 'put', arrive: 'location', help: false } });
});

test('a folder without traj_data.json has its floor plan in its name', async () => {
  await writeGame({ directory, trajectory: null });
  const [task] = await loadAlfworldGames({ directory });
  expect(task?.metadata).toMatchObject({ type: 'pick_clean_then_place_in_recep', layout: 'FloorPlan10' });
});

test('games come in the order of their paths, up to the limit', async () => {
  for (const folder of ['b-1/trial_2', 'a-2/trial_1', 'b-1/trial_1']) await writeGame({ directory, folder });
  const ids = async (limit?: number) =>
    (await loadAlfworldGames({ directory, ...(limit === undefined ? {} : { limit }) })).map(({ id }) => id);
  expect(await ids()).toEqual(['a-2/trial_1', 'b-1/trial_1', 'b-1/trial_2']);
  expect(await ids(2)).toEqual(['a-2/trial_1', 'b-1/trial_1']);
  await expect(loadAlfworldGames({ directory, limit: 0 })).rejects.toThrow(ConfigError);
});

test('leaves out what ALFWorld leaves out, and says so', async () => {
  await writeGame({ directory, folder: 'kept-1/trial' });
  await writeGame({ directory, folder: 'pick_and_place_with_movable_recep-1/trial', game: 'not even JSON' });
  await writeGame({
    directory,
    folder: 'pick_and_place_simple-AppleSliced-None-Fridge-2/trial',
    game: 'not even JSON',
  });
  await writeGame({ directory, folder: 'other-1/trial', trajectory: { task_type: 'juggle' } });
  await writeGame({ directory, folder: 'unsolvable-1/trial', game: { solvable: false } });
  await writeGame({ directory, folder: 'unchecked-1/trial', game: { solvable: null } });
  const skipped: string[] = [];
  const tasks = await loadAlfworldGames({
    directory,
    onSkip: (file, reason) => skipped.push(`${file.includes('juggle')} ${reason}`),
  });
  expect(tasks.map(({ id }) => id)).toEqual(['kept-1/trial']);
  expect(skipped).toHaveLength(5);
  expect(skipped.filter((reason) => reason.includes('juggle'))).toHaveLength(1);
});

test('a goal of another type than traj_data.json says is read from the problem', async () => {
  const light =
    '(:goal (and (exists (?ot - object ?r - receptacle ?a - agent ?l - location) (and (objectType ?ot DeskLampType) (toggleable ?ot) (isToggled ?ot) (receptacleAtLocation ?r ?l) (atLocation ?a ?l) (inReceptacle ?ot ?r))) (exists (?o - object ?a - agent) (and (objectType ?o BookType) (holds ?a ?o)))))';
  await writeGame({ directory, trajectory: null, game: { pddl_problem: kitchenProblem.replace(cleanMugGoal, light) } });
  const [task] = await loadAlfworldGames({ directory });
  expect(task?.metadata).toMatchObject({ type: 'look_at_obj_in_light' });
});

test.each([
  ['no JSON', '{\n"pddl_domain": "x",\n}', /game\.tw-pddl:3: JSON was expected/],
  ['a list', '[]', /game\.tw-pddl:1: a JSON object was expected/],
  ['a missing part', { pddl_problem: undefined }, /game\.tw-pddl:1: a text "pddl_problem" was expected/],
  [
    'another domain',
    { pddl_domain: `${domain}\n(:action Fly)` },
    /pddl_domain: the actions of ALFWorld's domain were expected, not "fly"/,
  ],
  ['half a domain', { pddl_domain: domain.replace('SliceObject', 'look') }, /an action "sliceobject" was expected/],
  [
    'no goal in words',
    { grammar: grammarOf({ goal: 'UNKNOWN GOAL' }) },
    /grammar: a rule "Your task is to: …\." with the goal in words/,
  ],
  ['no rule for the goal', { grammar: 'move {o} to {r}' }, /grammar: a rule "Your task is to/],
  [
    'no template',
    { grammar: grammarOf({ goal: 'x' }).replace('move {o}', 'fling {o}') },
    /a template "move \{o\} to \{r\}"/,
  ],
  [
    'a broken problem',
    { pddl_problem: kitchenProblem.replace('(openable', '(ajar') },
    /pddl_problem line \d+: "ajar": a fact of the domain/,
  ],
])('names the file and what was expected for %s', async (_, game, message) => {
  await writeGame({ directory, game });
  const loading = loadAlfworldGames({ directory });
  await expect(loading).rejects.toThrow(DatasetError);
  await expect(loading).rejects.toThrow(message);
});

test('names a broken traj_data.json', async () => {
  const file = await writeGame({ directory, trajectory: {} });
  await expect(loadAlfworldGames({ directory })).rejects.toThrow(/traj_data\.json:1: a text "task_type" was expected/);
  await writeFile(join(file, '..', 'traj_data.json'), '{\n\n"a": }');
  await expect(loadAlfworldGames({ directory })).rejects.toThrow(/traj_data\.json:3: JSON was expected/);
});

test('refuses folders without games, folders that are none, and giant files', async () => {
  await expect(loadAlfworldGames({ directory })).rejects.toThrow(/files named game\.tw-pddl were expected under it/);
  await expect(loadAlfworldGames({ directory: join(directory, 'none') })).rejects.toThrow(
    /a folder of ALFWorld games was expected/,
  );
  await mkdir(join(directory, 'big-1', 'trial'), { recursive: true });
  const file = join(directory, 'big-1', 'trial', 'game.tw-pddl');
  await writeFile(file, '');
  await truncate(file, 17 * 2 ** 20);
  await expect(loadAlfworldGames({ directory })).rejects.toThrow(/a file of at most 16777216 bytes was expected/);
});
