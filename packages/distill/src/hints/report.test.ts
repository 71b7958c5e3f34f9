import { ConfigError, DatasetError, type Segment, type Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { type Turn, worldEpisode } from './__fixtures__/worlds.js';
import { filterSuccesses } from './filter-successes.js';
import { episodeTokens, summarizeHintEpisodes } from './summarize-hint-episodes.js';

const won = { correct: true, reward: 1, endedBy: 'answer' as const };
const refused: Turn = ['dance', 'Nothing happens.', 'refused'];
const go = (place: number): Turn => [`go to desk ${place}`, `You arrive at desk ${place}.`];
const named = (id: string, options: Parameters<typeof worldEpisode>[0]) =>
  worldEpisode({ outcome: won, ...options, task: { id, ...options.task } });
const ids = (trajectories: readonly Trajectory[]) => trajectories.map(({ task }) => task.id);

describe('filterSuccesses in a household', () => {
  const trajectories = [
    named('clean', { turns: [go(1), go(2)] }),
    named('one', { turns: [refused, go(1)] }),
    named('two', { turns: [refused, go(1), refused] }),
    named('three', { turns: [refused, go(1), refused, [null, 'Write a command.']] }),
    named('repeated', { turns: [go(1), go(1), go(1), go(1)] }),
    named('lost', { turns: [go(1)], outcome: { correct: false, reward: 0, endedBy: 'turns' } }),
    named('broken', { turns: [go(1)], outcome: { ...won, endedBy: 'error' } }),
  ];

  test('the paper: more than two invalid or repeated actions', () => {
    const { kept, dropped } = filterSuccesses({ trajectories });
    expect(ids(kept)).toEqual(['clean', 'one', 'two']);
    expect(dropped).toEqual([
      { id: 'three#0', reason: 'invalid-actions' },
      { id: 'repeated#0', reason: 'invalid-actions' },
      { id: 'lost#0', reason: 'failed' },
      { id: 'broken#0', reason: 'error' },
    ]);
  });

  test('its code: two or more refused commands, repeated ones do not matter', () => {
    expect(ids(filterSuccesses({ trajectories, compat: 'reference' }).kept)).toEqual(['clean', 'one', 'repeated']);
    expect(ids(filterSuccesses({ trajectories, maxInvalidActions: 0 }).kept)).toEqual(['clean']);
  });
});

describe('filterSuccesses in a shop', () => {
  const shop = (id: string, reward: number, turns: Turn[] = []) =>
    named(id, { environment: 'webshop', turns, outcome: { correct: reward === 1, reward, endedBy: 'answer' } });
  const trajectories = [
    shop('all', 1),
    shop('clumsy', 1, [refused]),
    shop('enough', 0.67),
    shop('little', 0.66),
    shop('none', 0),
  ];

  test('the paper: a score of 67; its code: all of it and no invalid action', () => {
    expect(ids(filterSuccesses({ trajectories }).kept)).toEqual(['all', 'clumsy', 'enough']);
    expect(ids(filterSuccesses({ trajectories, minReward: 0.5 }).kept)).toEqual(['all', 'clumsy', 'enough', 'little']);
    const { kept, dropped } = filterSuccesses({ trajectories, compat: 'reference' });
    expect(ids(kept)).toEqual(['all']);
    expect(dropped.map(({ reason }) => reason)).toEqual(['invalid-actions', 'failed', 'failed', 'failed']);
  });

  test('options and environments are checked', () => {
    expect(() => filterSuccesses({ trajectories, minReward: 67 })).toThrow('minReward');
    expect(() => filterSuccesses({ trajectories, maxInvalidActions: -1 })).toThrow('maxInvalidActions');
    const [one = shop('x', 1)] = trajectories;
    expect(() => filterSuccesses({ trajectories: [{ ...one, environment: 'search' }] })).toThrow(ConfigError);
    expect(filterSuccesses({ trajectories: [{ ...one, environment: 'search' }], domain: 'webshop' }).kept).toHaveLength(
      1,
    );
    expect(filterSuccesses({ trajectories: [] })).toEqual({ kept: [], dropped: [] });
  });
});

describe('summarizeHintEpisodes', () => {
  const ofLengths = (
    id: string,
    type: string | undefined,
    outcome: object,
    lengths: readonly number[],
  ): Trajectory => ({
    ...named(id, {
      task: type === undefined ? {} : { metadata: { type } },
      turns: lengths.slice(1).map((): Turn => ['x']),
      outcome,
    }),
    segments: lengths.map((length, index) => ({
      kind: index === 0 ? 'prompt' : index % 2 === 1 ? 'policy' : 'observation',
      text: '',
      tokenIds: Array.from({ length }, () => 1),
    })),
  });
  const turns = ofLengths('a', 'heat', won, [100, 5, 20, 7]);

  test('tokens of an episode are the whole context of every turn and what was written', () => {
    expect(episodeTokens(turns)).toBe(100 + 5 + (100 + 5 + 20 + 7));
    expect(episodeTokens({ id: 'x', segments: [] })).toBe(0);
    const [prompt, first, ...rest] = turns.segments as [Segment, Segment, ...Segment[]];
    const prefix: Segment = { kind: 'policy', text: '', tokenIds: [1, 1] };
    const sampled: Segment = { kind: 'policy', text: '', tokenIds: [1, 1, 1] };
    expect(episodeTokens({ id: 'x', segments: [prompt, prefix, sampled, ...rest] })).toBe(
      episodeTokens({ id: 'x', segments: [prompt, first, ...rest] }),
    );
    expect(() => episodeTokens({ id: 'x', segments: [{ kind: 'prompt', text: 'x' }] })).toThrow(DatasetError);
  });

  test('means over all and by category, errors apart', () => {
    const lost = { correct: false, reward: 0.5, endedBy: 'turns' as const };
    const trajectories = [
      turns,
      ofLengths('b', 'heat', lost, [100, 8]),
      ofLengths('c', 'cool', lost, [10, 2]),
      ofLengths('d', undefined, won, [10, 2]),
      ofLengths('e', 'cool', { ...lost, endedBy: 'error' }, [10, 2]),
    ];
    const report = summarizeHintEpisodes({ trajectories });
    expect(report).toMatchObject({
      episodes: 4,
      success: 0.5,
      score: 0.75,
      steps: 1.5,
      tokens: (237 + 108 + 12 + 12) / 4,
      invalid: 0,
      errors: 1,
    });
    expect(report.categories).toEqual([
      { category: 'cool', episodes: 1, success: 0, score: 0.5, steps: 1, tokens: 12, invalid: 0 },
      { category: 'heat', episodes: 2, success: 0.5, score: 0.75, steps: 2, tokens: 172.5, invalid: 0 },
    ]);
    expect(summarizeHintEpisodes({ trajectories, retrievalTokens: () => 1000 }).tokens).toBe(report.tokens + 1000);
    expect(summarizeHintEpisodes({ trajectories, categoryOf: ({ task }) => task.id }).categories).toHaveLength(4);
  });

  test('invalid actions are a share of episodes; nothing is 0', () => {
    const trajectories = [named('a', { turns: [refused, refused] }), named('b', { turns: [go(1)] })];
    expect(summarizeHintEpisodes({ trajectories }).invalid).toBe(0.5);
    expect(summarizeHintEpisodes({ trajectories: [] })).toEqual({
      episodes: 0,
      success: 0,
      score: 0,
      steps: 0,
      tokens: 0,
      invalid: 0,
      categories: [],
      errors: 0,
    });
  });
});
