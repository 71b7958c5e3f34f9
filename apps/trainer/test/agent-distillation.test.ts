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
  type Environment,
  type EpisodeState,
  type Policy,
  runEpisodes,
} from '@dgpo/envs';
import { createCodeEnvironment, createInterpreterPool, createJavaScriptInterpreter } from '@dgpo/envs/code';
import { flattenTrajectory, type Task } from '@dgpo/trajectory';
import { afterAll, expect, test } from 'vitest';

const pool = createInterpreterPool({
  start: () => createJavaScriptInterpreter({ timeout: 20_000, maxOperations: 2_000_000, memory: 96 }),
});
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
