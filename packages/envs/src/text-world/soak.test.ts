import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRandom, type Task } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createHousehold, createHouseholdGames } from '../household/index.js';
import { streamEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { createCatalogue, createGoals, createWebshop } from '../webshop/index.js';
import { createTextEnvironment } from './text-environment.js';
import type { PlainData, TextWorld } from './text-world.js';

const parallel = 1000;
/** Each round is a thousand episodes; `DGPO_NIGHTLY=1` plays them to their ends and often. */
const { rounds, maxTurns } =
  process.env.DGPO_NIGHTLY === '1' ? { rounds: 6, maxTurns: 50 } : { rounds: 4, maxTurns: 12 };
/** Bytes: a kilobyte for each episode of a round. */
const tolerance = parallel * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function heapBytes(): Promise<number> {
  // What a function that has just returned had in its hands is held until its task is over.
  for (let pass = 0; pass < 2; pass++) {
    await setImmediate();
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A round of random admissible commands, all episodes side by side; what they leave behind is dropped. */
async function playRound<State extends PlainData>(world: TextWorld<State>, tasks: readonly Task[], round: number) {
  const random = createRandom(round);
  const environment = createTextEnvironment({ world, maxTurns, format: 'react' });
  const policy = createScriptedPolicy({
    script: (state) => `Action: ${random.pick(world.admissibleCommands(state.world as State))}`,
  });
  const played = Array.from({ length: parallel }, (_, index) => tasks[index % tasks.length] as Task);
  let [most, over] = [0, 0];
  const onProgress = ({ running }: { running: number }) => {
    most = Math.max(most, running);
  };
  for await (const { outcome } of streamEpisodes({
    environment,
    policy,
    tasks: played,
    seed: round,
    batchSize: parallel,
    onProgress,
  })) {
    if (outcome.endedBy !== 'error') over += 1;
  }
  return { most, over };
}

test.each([
  ['household', () => [createHousehold(), createHouseholdGames({ seed: 0, perFamily: 20 })] as const],
  [
    'webshop',
    () => {
      const catalogue = createCatalogue({ products: 200 });
      return [createWebshop({ catalogue }), createGoals({ catalogue })] as const;
    },
  ],
])(
  'a thousand episodes of %s side by side, again and again, leave nothing in memory',
  async (_, create) => {
    const [world, tasks] = create();
    const heap: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { most, over } = await playRound(world as TextWorld<PlainData>, tasks, round);
      expect(over).toBe(parallel);
      expect(most).toBeGreaterThan(parallel / 2);
      heap.push(await heapBytes());
    }
    // V8 may keep the last round for a while; what leaks is in every figure.
    const before = Math.min(...heap.slice(0, rounds / 2));
    const after = Math.min(...heap.slice(rounds / 2));
    expect(after - before).toBeLessThan(tolerance);
  },
  1_200_000,
);
