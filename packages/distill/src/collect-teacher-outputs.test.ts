import type { Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { episode } from './__fixtures__/episodes.js';
import {
  type CollectTeacherOutputsOptions,
  collectTeacherOutputs,
  type RunTeacherOptions,
} from './collect-teacher-outputs.js';

const tasks = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, question: `${id}?`, goldenAnswers: ['yes'] }));

/** Plays every sample, in the wrong order. */
const play = ({ tasks: asked, samplesPerTask }: RunTeacherOptions): Trajectory[] =>
  asked
    .flatMap((task) =>
      Array.from({ length: samplesPerTask }, (_, sample) => episode({ task: task.id, sample, correct: sample > 0 })),
    )
    .reverse();

async function collect(options: Partial<CollectTeacherOutputsOptions>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of collectTeacherOutputs({ run: async (request) => play(request), tasks, ...options }))
    ids.push(id);
  return ids;
}

describe('collectTeacherOutputs', () => {
  test('every task and sample, in order, from a promise and from a stream, whatever the size of a call', async () => {
    const expected = tasks.flatMap(({ id }) => [`${id}#0`, `${id}#1`]);
    async function* stream(request: RunTeacherOptions) {
      yield* play(request);
    }
    for (const tasksPerCall of [1, 2, 5, 64]) {
      expect(await collect({ samplesPerTask: 2, tasksPerCall })).toEqual(expected);
      expect(await collect({ samplesPerTask: 2, tasksPerCall, run: stream })).toEqual(expected);
    }
  });

  test('runs no further than it is read', async () => {
    const calls: string[][] = [];
    const run = async (request: RunTeacherOptions) => {
      calls.push(request.tasks.map(({ id }) => id));
      return play(request);
    };
    for await (const { id } of collectTeacherOutputs({ run, tasks, tasksPerCall: 2 })) if (id === 'b#0') break;
    expect(calls).toEqual([['a', 'b']]);
  });

  test('hands on the request and says how far it is', async () => {
    const requests: RunTeacherOptions[] = [];
    const progress: unknown[] = [];
    const signal = new AbortController().signal;
    await collect({
      run: async (request) => {
        requests.push(request);
        return play(request);
      },
      samplesPerTask: 3,
      temperature: 0.7,
      tasksPerCall: 3,
      signal,
      onProgress: (now) => progress.push(now),
    });
    expect(requests[1]).toEqual({ tasks: tasks.slice(3), samplesPerTask: 3, temperature: 0.7, signal });
    expect(progress).toEqual([
      { tasks: 3, totalTasks: 5, episodes: 9, correct: 6 },
      { tasks: 5, totalTasks: 5, episodes: 15, correct: 10 },
    ]);
  });

  test('leaves out what is collected already', async () => {
    expect(await collect({ collected: new Set(['a', 'c']) })).toEqual(['b#0', 'd#0', 'e#0']);
    expect(await collect({ collected: new Set(tasks.map(({ id }) => id)) })).toEqual([]);
  });

  test('a runner that returns something else is told so', async () => {
    await expect(collect({ run: async () => [episode({ task: 'z' })] })).rejects.toThrow(
      'trajectory z#0: not one of the tasks',
    );
    await expect(collect({ run: async (request) => play(request).slice(1) })).rejects.toThrow(
      'task e: expected the samples 0 to 0',
    );
    await expect(
      collect({ samplesPerTask: 2, run: async (request) => play({ ...request, samplesPerTask: 1 }) }),
    ).rejects.toThrow('the runner returned 0');
  });

  test('options out of range, colliding ids and a signal', async () => {
    await expect(collect({ samplesPerTask: 0 })).rejects.toThrow('samplesPerTask');
    await expect(collect({ tasksPerCall: 0 })).rejects.toThrow('tasksPerCall');
    await expect(collect({ temperature: -1 })).rejects.toThrow('temperature');
    await expect(collect({ tasks: [...tasks, ...tasks] })).rejects.toThrow('task a: two tasks have this id');
    await expect(collect({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });
});
