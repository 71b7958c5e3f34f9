import {
  filterTeacherTrajectories,
  firstThoughtPrefixes,
  replacePrompt,
  selfConsistentActions,
  separatePrefix,
  withFirstThoughtPrefix,
} from '@dgpo/distill/agent';
import {
  createScriptedPolicy,
  createSearchEnvironment,
  createTextEnvironment,
  type Environment,
  type EpisodeState,
  type PlainData,
  type Policy,
  runEpisodes,
  type TextWorld,
} from '@dgpo/envs';
import {
  type CodeInterpreter,
  createCodeEnvironment,
  createInterpreterPool,
  createJavaScriptInterpreter,
} from '@dgpo/envs/code';
import { createHousehold, createHouseholdGames } from '@dgpo/envs/household';
import { createCatalogue, createGoals, createWebshop } from '@dgpo/envs/webshop';
import { flattenTrajectory, type Task } from '@dgpo/trajectory';
import { afterAll, expect, test } from 'vitest';

const javascriptLimits = { timeout: 20_000, maxOperations: 2_000_000, memory: 96 };
const pool = createInterpreterPool({ start: () => createJavaScriptInterpreter(javascriptLimits) });
afterAll(() => pool.close());

const code = createCodeEnvironment({ interpreters: pool, language: 'javascript' });
const task: Task = { id: 'sum', question: 'What is 17 + 25?', goldenAnswers: ['42'] };
const block = (text: string) => `Thought: t\nCode:\n\`\`\`javascript\n${text}\n\`\`\`<end_code>`;

/** A policy that writes the candidates of the state one after the other. */
function cycling(candidates: (state: EpisodeState) => readonly string[]): Policy {
  const scripted = createScriptedPolicy({ script: () => '' });
  return {
    ...scripted,
    generate: async (requests) =>
      requests.map(({ episode }, row) => {
        const lines = episode === undefined ? [] : candidates(episode);
        const text = lines[row % lines.length] ?? '';
        const tokenIds = scripted.encode(text, { allowSpecial: true });
        return { tokenIds, logProbs: tokenIds.map(() => -1), text, finishReason: 'stop' as const };
      }),
  };
}

async function playOne(environment: Environment, policy: Policy) {
  const [trajectory] = await runEpisodes({ environment, policy, tasks: [task], seed: 0 });
  if (trajectory === undefined) throw new Error('no trajectory');
  return trajectory;
}

test('self-consistent actions in the code environment: forks do not see each other', async () => {
  // Were the interpreter shared, `n` would count the candidates that came before.
  const first = block('var n = (typeof n === "undefined" ? 0 : n) + 42; n');
  const turns = [
    [block('missing()'), 'no code', first, `${first} `, block('print("odd")')],
    [block('final_answer(7)'), block('final_answer(n)'), block('final_answer(n + 0)'), block('print(n)'), block('no(')],
  ];
  const policy = selfConsistentActions({
    policy: cycling(({ turn }) => turns[turn] ?? []),
    environment: code,
    samples: 5,
  });
  const trajectory = await playOne(code, policy);
  expect(trajectory.outcome).toMatchObject({ correct: true, answer: '42' });
  expect(trajectory.actions.map(({ text }) => text)).toEqual([first, block('final_answer(n)')]);
  expect(policy.cost()).toMatchObject({ turns: 2, calls: 10, executions: 10, invalid: 3, turnsWithoutValid: 0 });
});

test('self-consistent actions in the search environment vote on documents', async () => {
  const environment = createSearchEnvironment({
    retriever: {
      retrieve: async ({ queries }) =>
        queries.map((query) => {
          const id = query.startsWith('sum') ? 'a' : 'b';
          return [{ document: { id, contents: `"${id}"\n${id}` }, score: 1 }];
        }),
    },
  });
  const turns = [
    ['<search>other</search>', '<search>sum of two</search>', '<search>sum</search>'],
    ['<answer>41</answer>', '<answer>42</answer>', '<answer>42</answer>'],
  ];
  const policy = selfConsistentActions({ policy: cycling(({ turn }) => turns[turn] ?? []), environment, samples: 3 });
  const trajectory = await playOne(environment, policy);
  expect(trajectory.actions[0]?.query).toBe('sum of two');
  expect(trajectory.outcome).toMatchObject({ correct: true, answer: '42' });
});

/** Plays one game by votes between what cannot be carried out and the expert's command under two thoughts. */
async function voted<State extends PlainData>(world: TextWorld<State>, own: Task) {
  const environment = createTextEnvironment({ world, maxTokensPerTurn: 1000, maxContextTokens: 100_000 });
  const expert = (state: EpisodeState) => environment.oracle?.(state) ?? '';
  const worlds: string[] = [];
  const policy = selfConsistentActions({
    policy: cycling((state) => {
      worlds.push(JSON.stringify(state.world));
      const written = expert(state);
      return ['No command.', 'Action: dance', `Thought: first.\n${written}`, `Thought: second.\n${written}`];
    }),
    environment,
    samples: 4,
  });
  const [trajectory] = await runEpisodes({ environment, policy, tasks: [own], seed: 0 });
  if (trajectory === undefined) throw new Error('no trajectory');
  const scripted = createScriptedPolicy({ script: expert });
  const [alone] = await runEpisodes({ environment, policy: scripted, tasks: [own], seed: 0 });
  return { trajectory, alone, cost: policy.cost(), worlds };
}

test.each<[string, () => ReturnType<typeof voted>]>([
  ['household', () => voted(createHousehold(), createHouseholdGames({ seed: 3, perFamily: 1 })[0] as Task)],
  [
    'webshop',
    () => {
      const catalogue = createCatalogue({ products: 40, seed: 3 });
      return voted(createWebshop({ catalogue }), createGoals({ catalogue })[0] as Task);
    },
  ],
])('self-consistent actions in the %s vote on what is seen and where the world stands', async (_, play) => {
  const { alone, cost, trajectory, worlds } = await play();
  expect(trajectory.outcome).toMatchObject({ correct: true, reward: 1 });
  const commands = trajectory.actions.map(({ command }) => command);
  expect(commands).toEqual(alone?.actions.map(({ command }) => command));
  // The first of those that agree, as it was written.
  for (const { text } of trajectory.actions) expect(text).toContain('first.');
  const turns = commands.length;
  expect(cost).toMatchObject({
    turns,
    calls: 4 * turns,
    invalid: 2 * turns,
    turnsWithoutValid: 0,
    turnsWithoutAgreement: 0,
  });
  // Candidates of a turn all start where the chosen one of the turn before has led.
  for (let turn = 0; turn < turns; turn++) expect(new Set(worlds.slice(4 * turn, 4 * turn + 4)).size).toBe(1);
});

test('an interpreter that dies under a candidate costs its vote alone', async () => {
  const started: CodeInterpreter[] = [];
  const interpreters = createInterpreterPool({
    start: async () => {
      const interpreter = await createJavaScriptInterpreter(javascriptLimits);
      started.push(interpreter);
      return interpreter;
    },
    size: 1,
  });
  const killer = {
    name: 'killer',
    description: 'ends the process, as a machine without memory would',
    parameters: [],
    run: async () => {
      await started.at(-1)?.close();
      return null;
    },
  };
  const environment = createCodeEnvironment({ interpreters, language: 'javascript', tools: [killer] });
  const play = async (candidates: readonly string[]) => {
    const turns = [[block('var n = 42; n')], candidates.map(block)];
    const samples = candidates.length;
    const policy = selfConsistentActions({ policy: cycling(({ turn }) => turns[turn] ?? []), environment, samples });
    const { actions, outcome } = await playOne(environment, policy);
    return { actions, outcome, cost: policy.cost() };
  };
  try {
    const { outcome, cost } = await play(['killer()', 'final_answer(1)', 'final_answer(n)', 'final_answer(n + 0)']);
    expect(outcome).toMatchObject({ correct: true, answer: '42', endedBy: 'answer' });
    expect(cost).toMatchObject({ turns: 2, invalid: 1, turnsWithoutValid: 0 });
    expect(started).toHaveLength(2);
    // Where every candidate dies the first one is taken, and ends the episode.
    const dead = await play(['killer()', 'killer(); 1']);
    expect(dead.outcome).toMatchObject({ correct: false, endedBy: 'error' });
    expect(dead.outcome.error).toContain("the interpreter's process ended");
    expect(dead.actions.at(-1)?.text).toBe(block('killer()'));
    expect(dead.cost).toMatchObject({ turns: 2, invalid: 2, turnsWithoutValid: 1 });
  } finally {
    await interpreters.close();
  }
});

test('a teacher with a first-thought prefix, filtered, as student data', async () => {
  const turns = [block('var x = 17; print(x)'), block('final_answer(x + 25)')];
  const scripted = createScriptedPolicy({ script: ({ turn }) => turns[turn] ?? '' });
  const prefixes = firstThoughtPrefixes([{ taskId: 'sum', text: 'We add.\n\nThen we answer.' }]);
  const policy = withFirstThoughtPrefix({ policy: scripted, prefixes });
  const trajectory = separatePrefix(await playOne(code, policy), policy);
  expect(filterTeacherTrajectories({ trajectories: [trajectory] }).kept).toEqual([trajectory]);
  const prompt = { text: 'short', tokenIds: policy.encode('short') };
  const { tokenIds, policyMask } = flattenTrajectory(replacePrompt(trajectory, prompt));
  const trained = tokenIds.filter((_, index) => policyMask[index] === 1);
  expect(policy.decode(trained)).toBe(`Thought: We add.\n\n${turns.join('')}`);
});
