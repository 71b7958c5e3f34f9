import type { Task } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createHousehold, createHouseholdGames } from '../household/index.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { checkEnvironment, checkTextWorld } from '../testing/index.js';
import { createCatalogue, createGoals, createWebshop } from '../webshop/index.js';
import { createTextEnvironment } from './text-environment.js';
import type { PlainData, TextWorld } from './text-world.js';

function describeWorld<State extends PlainData>(world: TextWorld<State>, tasks: readonly Task[]) {
  describe(world.name, () => {
    it('keeps the contract of worlds', () => checkTextWorld({ world, tasks }));

    it.each(['react', 'stateact', 'tags', 'json', 'tool-calls'] as const)(
      'is an environment in which its expert earns 1: %s',
      async (format) => {
        // The tokens of this test are bytes.
        const environment = createTextEnvironment({ world, format, maxTokensPerTurn: 1000, maxContextTokens: 100_000 });
        const policy = createScriptedPolicy({ script: environment.oracle ?? (() => '') });
        const episodes = await runEpisodes({ environment, policy, tasks: tasks.slice(0, 2), seed: 0 });
        for (const { outcome } of episodes) expect(outcome).toMatchObject({ correct: true, reward: 1 });
        expect(episodes).toHaveLength(2);
      },
    );

    it('keeps the contract of environments', () =>
      checkEnvironment({
        environment: createTextEnvironment({ world, maxTurns: 30 }),
        tasks: tasks.slice(0, 3),
        episodes: 12,
      }));
  });
}

describeWorld(createHousehold(), createHouseholdGames({ seed: 3, perFamily: 1 }));

const catalogue = createCatalogue({ products: 80, seed: 3 });
describeWorld(createWebshop({ catalogue }), createGoals({ catalogue }).slice(0, 6));
