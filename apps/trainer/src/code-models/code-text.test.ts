import { createScriptedPolicy, runEpisodes } from '@dgpo/envs';
import { createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import { createBm25Index, createBm25Retriever, splitTitle } from '@dgpo/retriever';
import { createRandom, flattenTrajectory, type Task } from '@dgpo/trajectory';
import { afterAll, expect, test } from 'vitest';
import { firstThoughtOf, planOf } from '../arithmetic/arithmetic-plan.js';
import {
  arithmeticChainOfThought,
  arithmeticEnvironment,
  arithmeticTasks,
  createArithmeticEnvironment,
  createArithmeticWorld,
  scriptedCodeEpisode,
} from '../arithmetic/index.js';
import { numberExercise, numberFacts } from '../arithmetic/number-exercises.js';
import { throwawayCodeEpisode } from '../arithmetic/throwaway-episodes.js';
import { createAtlas } from '../atlas/index.js';
import { nameWords } from '../atlas/name-words.js';
import { scriptedExpert } from '../expert/scripted-expert.js';
import { chainOfThoughtRow, codeEpisodeRow, codeReadingRow, codeTokenizer } from './code-text.js';

const atlas = createAtlas({ inventedCountries: 80 });
const world = createArithmeticWorld(atlas);
const documents = [...world.corpus];
const index = createBm25Index({ documents });
const search = (query: string) =>
  index.search({ query, topK: 2 }).map((found) => splitTitle(documents[found.index]?.contents ?? '').text);
const tasks = arithmeticTasks({ world, split: 'train', count: 44 });
const episodes = tasks.map((task) => ({ task, segments: scriptedCodeEpisode({ task, search }).segments }));
const tokenizer = codeTokenizer({ world, episodes, seed: 1 });
const random = createRandom(5);
const throwaway = Array.from({ length: 40 }, (_, place) =>
  throwawayCodeEpisode({ atlas, random: random.split('throwaway', place), hasFirstThought: place % 2 === 0 }),
);
const interpreters = createInterpreterPool({ start: () => createPythonInterpreter({ imports: [] }), size: 1 });
afterAll(() => interpreters.close());

const learned = ({ tokenIds, mask }: { tokenIds: Int32Array; mask: Uint8Array }) =>
  tokenizer.decode([...tokenIds].filter((_, place) => mask[place] === 1));

test('a row of an episode is what the environment makes of it, token for token', async () => {
  const environment = createArithmeticEnvironment({ interpreters, retriever: createBm25Retriever({ documents }) });
  const played = episodes.filter(({ task }) => task.metadata?.hops === 2).slice(0, 3);
  const policy = createScriptedPolicy({ script: scriptedExpert, tokenizer });
  const own = await runEpisodes({ environment, policy, tasks: played.map(({ task }) => task), seed: 0 });
  for (const [place, trajectory] of own.entries()) {
    expect(trajectory.outcome.correct).toBe(true);
    const { tokenIds, policyMask } = flattenTrajectory(trajectory);
    const row = codeEpisodeRow({ episode: played[place] as (typeof played)[number], tokenizer });
    expect([...row.tokenIds]).toEqual([...tokenIds]);
    expect([...row.mask]).toEqual([...policyMask]);
  }
}, 120_000);

test('what the expert writes is learned; a first thought that was given to it is not', () => {
  for (const episode of [...episodes, ...throwaway]) {
    const row = codeEpisodeRow({ episode, tokenizer });
    expect(row.tokenIds.length).toBeLessThanOrEqual(arithmeticEnvironment.maxContextTokens);
    const prefix = `Thought: ${firstThoughtOf(episode.task)}`;
    const written = episode.segments.filter(({ kind }) => kind === 'policy').map(({ text }) => text);
    expect(learned(row)).toBe(written.join('').replace(prefix, ''));
    expect(row.weights.length).toBe(row.mask.reduce((sum, value) => sum + value, 0));
  }
  expect(throwaway.filter(({ task, segments }) => segments[0]?.text.includes(firstThoughtOf(task)))).toHaveLength(20);
});

test('turns and printed passages fit into the limits of the environment', () => {
  for (const { segments } of [...episodes, ...throwaway]) {
    for (const { kind, text } of segments) {
      const { maxTokensPerTurn, maxObservationTokens } = arithmeticEnvironment;
      const most = kind === 'policy' ? maxTokensPerTurn : maxObservationTokens;
      expect(tokenizer.encode(text, { allowSpecial: true }).length).toBeLessThanOrEqual(most);
    }
  }
});

test('throwaway episodes are of both kinds, and ask about no country of the world', () => {
  const names = new Set([...world.numbers.keys()].map((name) => nameWords(name).join(' ')));
  const values = ({ task }: { task: Task }) => planOf(task).countries.map(({ value }) => nameWords(value).join(' '));
  expect(throwaway.flatMap(values).filter((value) => names.has(value))).toEqual([]);
  expect(new Set(throwaway.map(({ task }) => planOf(task).operation)).size).toBe(5);
  const { task } = throwawayCodeEpisode({
    atlas,
    random: random.split('three'),
    hasFirstThought: false,
    isOfThree: true,
  });
  expect(new Set(values({ task })).size).toBe(3);
});

test('a chain of thought is learned whole, and ends', () => {
  for (const task of tasks) {
    const row = chainOfThoughtRow({ task, world, tokenizer });
    expect(learned(row)).toBe(`${arithmeticChainOfThought({ task, world })}<|endoftext|>`);
    expect(row.tokenIds.length).toBeLessThanOrEqual(arithmeticEnvironment.maxContextTokens);
  }
});

test('the student reads no tag, no code and no number of a real country', () => {
  const texts = Array.from({ length: 300 }, (_, place) =>
    numberExercise({ atlas, random: random.split('exercise', place) })
      .map(({ text }) => text)
      .join(''),
  );
  expect(texts.filter((text) => /[<>`]|Thought|Code|print/.test(text))).toEqual([]);
  expect(
    texts
      .join('\n')
      .match(/Question: .*/g)
      ?.filter((line) => [...atlas.realNames].some((name) => line.endsWith(`of ${name}?`))),
  ).toEqual([]);
  const row = codeReadingRow({ world, tokenizer, random: random.split('row') });
  expect([...row.tokenIds.slice(1)].filter((id) => id < 5)).toEqual([]);
  expect(row.weights.some((weight) => weight === 1)).toBe(true);
});

test('what is reckoned in exercises is right', () => {
  const lines = Array.from({ length: 100 }, (_, place) => numberExercise({ atlas, random: random.split('sum', place) }))
    .map((segments) => segments.map(({ text }) => text).join(''))
    .join('')
    .matchAll(/^([\d ()+\-/]+|round\(.*\)) = (\d+)\.$/gm);
  let checked = 0;
  for (const [, expression = '', result] of lines) {
    const plain = expression.replace(/^round/, '');
    const numbers = (plain.match(/\d+/g) ?? []).map(Number);
    const [a = 0, b = 0, c = 0] = numbers;
    const divisor = /\) \/ (\d)/.exec(plain)?.[1];
    const sum = divisor === undefined ? a + b + c : numbers.slice(0, -1).reduce((total, number) => total + number, 0);
    const value = plain.includes(' - ')
      ? a - b
      : divisor !== undefined
        ? sum / Number(divisor)
        : plain.includes('/')
          ? a / b
          : sum;
    expect(`${expression} = ${result}`).toBe(`${expression} = ${Math.round(value)}`);
    checked += 1;
  }
  expect(checked).toBeGreaterThan(100);
});

test('facts are those of countries to train on', () => {
  const text = numberFacts({ world, random: random.split('facts') })
    .map((segment) => segment.text)
    .join('');
  const train = new Set(atlas.bySplit.train.map(({ name }) => name));
  const facts = [...text.matchAll(/(?<=\. )([^.]+) has (\d+)/g)];
  expect(facts).toHaveLength(20);
  for (const [, name = '', value] of facts) {
    expect(train.has(name)).toBe(true);
    expect(Object.values(world.numbers.get(name) ?? {})).toContain(Number(value));
  }
});
