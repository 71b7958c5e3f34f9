import type { ComputePool, Job } from '@dgpo/trainer';

/** Wall time, and processor time of all threads of the process. */
export interface Spent {
  seconds: number;
  cpuSeconds: number;
}

/** A clock that counts both. */
export function stopwatch(): () => Spent {
  const start = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}

export const plus = (a: Spent, b: Spent): Spent => ({
  seconds: a.seconds + b.seconds,
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
});
export const minus = (a: Spent, b: Spent): Spent => ({
  seconds: a.seconds - b.seconds,
  cpuSeconds: a.cpuSeconds - b.cpuSeconds,
});
export const none: Spent = { seconds: 0, cpuSeconds: 0 };

/** A pool that adds up how long jobs of each phase were under way. Jobs of two phases must not overlap. */
export function timedPool<Phase extends string>(
  pool: ComputePool,
  phaseOf: (job: Job) => Phase | undefined,
): { pool: ComputePool; take: () => Partial<Record<Phase, Spent>> } {
  let spent: Partial<Record<Phase, Spent>> = {};
  const active = new Map<Phase, { count: number; read: () => Spent }>();
  return {
    pool: {
      ...pool,
      run: async (jobs) => {
        const phase = jobs[0] === undefined ? undefined : phaseOf(jobs[0]);
        if (phase === undefined) return pool.run(jobs);
        const state = active.get(phase) ?? { count: 0, read: stopwatch() };
        if (state.count === 0) state.read = stopwatch();
        active.set(phase, state);
        state.count += 1;
        try {
          return await pool.run(jobs);
        } finally {
          state.count -= 1;
          if (state.count === 0) spent[phase] = plus(spent[phase] ?? none, state.read());
        }
      },
    },
    take: () => {
      const taken = spent;
      spent = {};
      return taken;
    },
  };
}
