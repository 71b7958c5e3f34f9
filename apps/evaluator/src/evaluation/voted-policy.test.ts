import { createScriptedPolicy, createSearchEnvironment, runEpisodes } from '@dgpo/envs';
import { expect, test } from 'vitest';
import { createVotedPolicy } from './voted-policy.js';

const tasks = [
  { id: 'peru', question: 'What money is used in Peru?', goldenAnswers: ['sol'] },
  { id: 'lima', question: 'Where is Lima?', goldenAnswers: ['Peru'] },
];
const turns = ['<answer>dollar</answer>', '<answer>sol</answer>', '<answer>sol</answer>'];
const scripted = createScriptedPolicy({ script: () => '' });
const tokens = (text: string) => scripted.encode(text, { allowSpecial: true });

/** Candidates in the order of their turns above. */
const policy = {
  ...scripted,
  generate: async (requests: readonly { id: string }[]) =>
    requests.map(({ id }) => {
      const text = turns[Number(id.slice(id.indexOf('~') + 1))] ?? '';
      const tokenIds = tokens(text);
      return { text, tokenIds, logProbs: tokenIds.map(() => 0), finishReason: 'stop' as const };
    }),
};

test('the most frequent outcome is the turn, and every candidate is counted with its episode', async () => {
  const environment = createSearchEnvironment({ retriever: { retrieve: async () => [] } });
  const voted = createVotedPolicy({ policy, environment, selfConsistency: { samples: 3 } });
  const episodes = await runEpisodes({ environment, policy: voted, tasks, seed: 0 });
  expect(episodes.map(({ outcome }) => outcome.answer)).toEqual(['sol', 'sol']);
  const written = turns.reduce((sum, text) => sum + tokens(text).length, 0);
  for (const { id, segments } of episodes) {
    const promptTokens = 3 * (segments[0]?.tokenIds?.length ?? 0);
    expect(voted.takeUsage(id)).toEqual({ modelCalls: 3, promptTokens, policyTokens: written });
    expect(voted.takeUsage(id).modelCalls).toBe(0);
  }
});
