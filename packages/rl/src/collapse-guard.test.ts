import { describe, expect, test } from 'vitest';
import { type CollapseMetrics, createCollapseGuard } from './collapse-guard.js';

const healthy: CollapseMetrics = { reward: 0.3, validActionRate: 0.9, meanLength: 44, entropy: 0.4, kl: 0.2 };

/** The update at which the guard first objects, from 1, and why. */
function firstVerdict(guard: ReturnType<typeof createCollapseGuard>, updates: readonly CollapseMetrics[]) {
  for (const [index, metrics] of updates.entries()) {
    const verdict = guard.update(metrics);
    if (verdict.status === 'collapsed') return { update: index + 1, reason: verdict.reason };
  }
  return null;
}

describe('createCollapseGuard', () => {
  test('episodes that shrink to one token while valid actions vanish', () => {
    // A guided run from a cold start that solves nothing: the summed penalty makes ending at once the optimum.
    const lengths = [24, 23, 20, 16, 11, 7, 4, 2, 1, 1, 1, 1, 1, 1];
    const valid = [0.5, 0.48, 0.4, 0.3, 0.2, 0.1, 0.04, 0, 0, 0, 0, 0, 0, 0];
    const updates = lengths.map((meanLength, index) => ({
      reward: 0,
      validActionRate: valid[index] as number,
      meanLength,
    }));
    // Averages of valid actions: 0.376 over updates 1-5; 0.208 over 3-7; 0.128 over 4-8: below half of 0.376 at update 8.
    expect(firstVerdict(createCollapseGuard(), updates)).toEqual({
      update: 8,
      reason: 'the rate of valid actions fell from 0.376 to 0.128 (averages of 5 updates)',
    });
    const lengthOnly = updates.map((metrics) => ({ ...metrics, validActionRate: 0.5 }));
    // Averages: 18.8 (1-5), 15.4, 11.6, 8, 5 (5-9), 3 (6-10): a quarter of 18.8 is 4.7.
    expect(firstVerdict(createCollapseGuard(), lengthOnly)).toEqual({
      update: 10,
      reason: 'the mean length of episodes fell from 18.8 to 3.00 (averages of 5 updates)',
    });
  });

  test('a run that starts as one token is told at once when the window is full', () => {
    const updates = Array.from({ length: 6 }, () => ({ reward: 0, validActionRate: 0, meanLength: 1 }));
    expect(firstVerdict(createCollapseGuard(), updates)).toEqual({
      update: 5,
      reason: 'the mean length of episodes is 1.00 tokens (averages of 5 updates)',
    });
  });

  test('a reward that was there and went', () => {
    const rewards = [0.3, 0.4, 0.4, 0.02, 0.02, 0.02];
    const updates = rewards.map((reward) => ({ ...healthy, reward }));
    // Windows of 2: 0.35, 0.4, 0.21, 0.02.
    expect(firstVerdict(createCollapseGuard({ window: 2 }), updates)).toEqual({
      update: 5,
      reason: 'the reward fell from 0.400 to 0.0200 (averages of 2 updates)',
    });
  });

  test('noise, a slow start, improving and shorter-but-fine runs pass', () => {
    const noisy = Array.from({ length: 40 }, (_, index) => ({
      reward: index % 2 === 0 ? 0.05 : 0.45,
      validActionRate: 0.8 + 0.1 * (index % 3),
      meanLength: 44 - (index % 7),
    }));
    expect(firstVerdict(createCollapseGuard(), noisy)).toBeNull();
    const learning = Array.from({ length: 40 }, (_, index) => ({
      reward: index / 80,
      validActionRate: 0.02 + index / 50,
      meanLength: 200 - 4 * index,
    }));
    expect(firstVerdict(createCollapseGuard(), learning)).toBeNull();
    const smallNumbers = Array.from({ length: 20 }, (_, index) => ({
      reward: index < 6 ? 0.05 : 0,
      validActionRate: 0.01,
      meanLength: 3,
    }));
    expect(firstVerdict(createCollapseGuard(), smallNumbers)).toBeNull();
  });

  test('one bad update does not stop a run', () => {
    const guard = createCollapseGuard();
    for (let update = 0; update < 6; update++) expect(guard.update(healthy)).toEqual({ status: 'ok', reason: null });
    expect(guard.update({ reward: 0, validActionRate: 0.2, meanLength: 5 }).status).toBe('ok');
  });

  test('entropy and KL are watched where limits are given', () => {
    const flat = { ...healthy, entropy: 0.001, kl: 12 };
    expect(firstVerdict(createCollapseGuard({ window: 1 }), [flat])).toBeNull();
    const thresholds = { minimumEntropy: 0.01, maximumKl: 10 };
    expect(firstVerdict(createCollapseGuard({ window: 1, thresholds }), [healthy, flat])).toEqual({
      update: 2,
      reason:
        'the entropy is 0.00100, below 0.01 (averages of 1 updates); the KL is 12.0, above 10 (averages of 1 updates)',
    });
  });

  test('NaN is a collapse at once', () => {
    const verdict = createCollapseGuard().update({ ...healthy, kl: Number.NaN });
    expect(verdict).toEqual({
      status: 'collapsed',
      reason: 'the KL is NaN',
      causes: ['kl'],
      action: 'stop',
      goodUpdates: 0,
    });
  });

  test('feeding the history again restores the guard', () => {
    const updates = [healthy, healthy, { ...healthy, reward: 0.01 }, { ...healthy, reward: 0.01 }];
    const straight = createCollapseGuard({ window: 2 });
    const verdicts = updates.map((metrics) => straight.update(metrics));
    const resumed = createCollapseGuard({ window: 2 });
    for (const metrics of updates.slice(0, 3)) resumed.update(metrics);
    expect(resumed.update(updates[3] as CollapseMetrics)).toEqual(verdicts[3]);
    expect(verdicts[3]?.status).toBe('collapsed');
  });

  test('episodes that ramble on and a policy that babbles, where limits are given', () => {
    const wild = { ...healthy, meanLength: 900, entropy: 7 };
    expect(firstVerdict(createCollapseGuard({ window: 1 }), [healthy, wild])).toBeNull();
    const guard = createCollapseGuard({ window: 1, thresholds: { maximumLength: 500, maximumEntropy: 5 } });
    guard.update(healthy);
    expect(guard.update(wild)).toMatchObject({ causes: ['meanLength', 'entropy'] });
  });

  test('rolling back, as configured, until it has been done often enough', () => {
    const fallen = { ...healthy, reward: 0, validActionRate: 0 };
    const verdictOf = (rollBacks: number) => {
      const guard = createCollapseGuard({ window: 2, onCollapse: 'rollBack', maxRollBacks: 2, rollBacks });
      for (let update = 0; update < 4; update++) guard.update(healthy);
      guard.update(fallen);
      return guard.update(fallen);
    };
    // Updates 5 and 6 are averaged; a checkpoint of update 4 is the last to trust.
    expect(verdictOf(1)).toEqual({
      status: 'collapsed',
      reason:
        'the rate of valid actions fell from 0.900 to 0.00 (averages of 2 updates); the reward fell from 0.300 to 0.00 (averages of 2 updates)',
      causes: ['validActionRate', 'reward'],
      action: 'rollBack',
      goodUpdates: 4,
    });
    expect(verdictOf(2)).toMatchObject({
      action: 'stop',
      reason: expect.stringContaining('rolled back 2 times before'),
    });
  });

  test('numbers out of range are refused', () => {
    expect(() => createCollapseGuard({ window: 0 })).toThrow(RangeError);
    expect(() => createCollapseGuard({ rollBacks: -1 })).toThrow('rollBacks must be a whole number from 0, found -1');
  });
});
