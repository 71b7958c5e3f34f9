import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Task } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import {
  createGoals,
  createWebshop,
  nounsOf,
  type ObservationMode,
  type Product,
  readCatalogue,
  scorePurchase,
} from './index.js';

// What princeton-nlp/WebShop at 64fa2a5 does with the same files: tools/parity/webshop.py.
const fixture = (name: string) => `${import.meta.dirname}/__fixtures__/${name}`;
const read = (name: string) => JSON.parse(readFileSync(fixture(name), 'utf8'));

const catalogue = await readCatalogue({
  items: fixture('items_shuffle.json'),
  attributes: fixture('items_ins_v2.json'),
  instructions: fixture('items_human_ins.json'),
});

interface Episode {
  goal: number;
  observationMode: ObservationMode;
  showAttributes: boolean;
  commands: string[];
  /** The beginnings of the SHA-256 of the pages. */
  digests: string[];
  reward: number;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

test.each(['human', 'synthetic'] as const)('the original order of %s goals is that of the original', (instructions) => {
  const { orders } = read('episodes.json') as { orders: Record<typeof instructions, string[]> };
  const tasks = createGoals({ catalogue, instructions, order: 'original' });
  expect(tasks.map(({ goldenAnswers }) => goldenAnswers[0])).toEqual(orders[instructions]);
});

test('every page and reward of random episodes is that of the original', () => {
  const { goals, episodes } = read('episodes.json') as { goals: Task[]; episodes: Episode[] };
  let bought = 0;
  for (const { goal, commands, digests, reward, ...options } of episodes) {
    const shop = createWebshop({ catalogue, ...options });
    let { state, observation } = shop.start(goals[goal] as Task);
    const pages = [observation];
    for (const command of commands) {
      ({ state, observation } = shop.step(state, command));
      if (state.result === null) pages.push(observation);
    }
    expect(pages.map(digest)).toEqual(digests);
    expect(state.result?.reward ?? 0).toBeCloseTo(reward, 12);
    if (state.result !== null) bought++;
  }
  expect(bought).toBeGreaterThan(10);
});

type RewardCase = [
  bought: number,
  wished: number,
  name: number,
  wishedName: number,
  attributes: string[],
  goalOptions: string[] | Record<string, string>,
  options: string[],
  price: number,
  priceUpper: number,
  reward: number,
  type: number,
];

interface Rewards {
  names: [name: string, nouns: string[]][];
  products: Pick<Product, 'query' | 'productCategory' | 'attributes' | 'features' | 'description'>[];
  cases: RewardCase[];
}

/** The rewards of the purchases of the fixture, and those of the original. */
function rewards(tagger: (name: string) => readonly string[]) {
  const { names, products, cases } = read('rewards.json') as Rewards;
  return cases.map(
    ([bought, wished, name, wishedName, attributes, goalOptions, options, price, priceUpper, expected, type]) => {
      const product = { ...(products[bought] as Rewards['products'][number]), name: names[name]?.[0] ?? '', price };
      const { query, productCategory } = products[wished] as Rewards['products'][number];
      const wish = { query, productCategory, name: names[wishedName]?.[0] ?? '' };
      const goal = { asin: '', category: '', ...wish, attributes, options: goalOptions, priceUpper };
      const details = scorePurchase({ purchase: { product, options }, goal, nounsOf: tagger });
      return { ...details, expected, expectedType: type };
    },
  );
}

test('1,000 rewards are those of the original, given its nouns', () => {
  const nouns = new Map((read('rewards.json') as Rewards).names);
  const scored = rewards((name) => nouns.get(name) ?? []);
  expect(scored).toHaveLength(1000);
  for (const { reward, type, expected, expectedType } of scored) {
    expect(type).toBe(expectedType);
    expect(reward).toBeCloseTo(expected, 12);
  }
});

test('our own nouns change few of them', () => {
  const scored = rewards(nounsOf);
  const equal = scored.filter(({ reward, expected }) => Math.abs(reward - expected) < 1e-12).length;
  expect(equal).toBeGreaterThanOrEqual(900);
});
