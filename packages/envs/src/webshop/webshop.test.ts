import { ConfigError, createRandom, DatasetError, type Task } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test, vi } from 'vitest';
import { createCatalogue } from './create-catalogue.js';
import { createGoals } from './goals.js';
import type { Product } from './product.js';
import type { WebshopState } from './state.js';
import { createWebshop, webshopMaxSteps } from './webshop.js';

const catalogue = createCatalogue();
const shop = createWebshop({ catalogue });
const goals = { human: createGoals({ catalogue }), synthetic: createGoals({ catalogue, instructions: 'synthetic' }) };

const lamp: Product = {
  asin: 'B00000000A',
  category: 'garden',
  query: 'table lamp',
  productCategory: 'Home › Lamps',
  name: 'Bazen Lamp',
  description: 'A light.',
  features: ['Bright', '', 'Made of oak'],
  price: 12.5,
  priceTag: '$12.5',
  options: [
    { name: 'color', values: ['red', 'navy blue'] },
    { name: 'shade', values: ['small', 'red'] },
  ],
  attributes: ['solid wood'],
  instructions: [{ text: 'a lamp', attributes: ['oak'], options: ['blue', 'small'] }],
  wish: null,
};
const others = Array.from({ length: 24 }, (_, index) => ({
  ...lamp,
  asin: `B0000000${10 + index}`,
  name: `Other Lamp ${index}`,
  options: [],
  instructions: [],
}));
const lamps = { products: [...others, lamp] };
const [task] = createGoals({ catalogue: lamps }) as [Task];

/** The pages that commands lead to, the first page first. */
function play(commands: readonly string[], options = {}) {
  const world = createWebshop({ catalogue: lamps, ...options });
  let { state, observation } = world.start(task);
  const steps = [{ observation, executed: true, state, result: state.result }];
  for (const command of commands) {
    const step = world.step(state, command);
    ({ state, observation } = step);
    steps.push({ ...step, result: step.result });
  }
  return { world, steps, last: steps.at(-1) as (typeof steps)[number] };
}

const instruction = task.question;
const toLamp = ['search[bazen]', 'click[b00000000a]'];

describe('pages', () => {
  test('the search page', () => {
    expect(play([]).last.observation).toBe(`WebShop [SEP] Instruction: [SEP] ${instruction} [SEP] Search`);
  });

  test('ten results a page, from the best on', () => {
    const { world, last } = play(['search[Lamp]']);
    expect(last.observation).toMatch(
      /^Instruction: \[SEP\] .* \[SEP\] Back to Search \[SEP\] Page 1 \(Total results: 25\) \[SEP\] Next > \[SEP\] B/,
    );
    expect(last.observation.match(/\$12\.5/g)).toHaveLength(10);
    expect(world.admissibleCommands(last.state)).not.toContain('click[< prev]');
    const third = play(['search[Lamp]', 'click[next >]', 'click[Next >]']).last;
    expect(third.observation).toContain('Page 3 (Total results: 25) [SEP] < Prev [SEP] Next >');
    expect(third.observation.match(/\$12\.5/g)).toHaveLength(5);
    const beyond = play(['search[Lamp]', ...Array<string>(3).fill('click[next >]')]).last;
    expect(beyond.observation).toContain('Page 4 (Total results: 25)');
    expect(beyond.observation).not.toContain('$12.5');
  });

  test('a product', () => {
    expect(play(toLamp).last.observation).toBe(
      `Instruction: [SEP] ${instruction} [SEP] Back to Search [SEP] < Prev [SEP] color [SEP] red [SEP] navy blue [SEP] shade [SEP] ` +
        'small [SEP] red [SEP] Bazen Lamp [SEP] Price: $12.5 [SEP] Rating: N.A. [SEP] Description [SEP] Features [SEP] Reviews [SEP] Buy Now',
    );
  });

  test.each([
    ['description', ['A light.']],
    ['features', ['Bright', 'Made of oak']],
    ['reviews', []],
    ['attributes', ['solid wood', 'garden', 'table lamp', 'Home › Lamps']],
  ])('its %s', (page, texts) => {
    const { last } = play([...toLamp, `click[${page}]`], { showAttributes: true });
    const head = ['Instruction:', instruction, 'Back to Search', '< Prev'];
    expect(last.observation).toBe([...head, ...texts].join(' [SEP] '));
  });

  test('attributes are shown only on demand', () => {
    expect(play([...toLamp, 'click[attributes]']).last.executed).toBe(false);
  });

  test('short leaves out the instruction, ratings and detours, counts products, in lower case', () => {
    const short = { observationMode: 'short', productsPerPage: 2 };
    const [start, results, item] = play(toLamp, short).steps.map(({ observation }) => observation);
    expect(start).toBe(`webshop | instruction: | ${instruction.toLowerCase()} | search`);
    expect(results).toBe('page 1 (total results: 1) | next > | first b00000000a | bazen lamp | $12.5');
    const [, lamps] = play(['search[lamp]'], short).steps.map(({ observation }) => observation);
    expect(lamps).toMatch(/ \| first b\w{9} \| [^|]+ \| \$[\d.]+ \| second b\w{9} \| /);
    expect(item).toBe(
      '< prev | color | red | navy blue | shade | small | red | bazen lamp | price: $12.5 | features | buy now',
    );
    expect(play([...toLamp, 'click[back to search]'], short).last.executed).toBe(true);
  });

  test('pages of fewer products, which the expert turns', () => {
    const { last, world } = play(['search[lamp]'], { productsPerPage: 2 });
    expect(last.observation.match(/\$12\.5/g)).toHaveLength(2);
    let { state } = play(['search[lamp]'], { productsPerPage: 2 }).last;
    for (let step = 0; step < 30 && state.result === null; step++) state = world.step(state, world.expert(state)).state;
    expect(state.result).toEqual({ correct: true, reward: 1 });
    for (const productsPerPage of [0, 1.5]) {
      expect(() => createWebshop({ catalogue: lamps, productsPerPage })).toThrow(ConfigError);
    }
  });

  test('text_rich marks buttons, what was chosen and what was looked at', () => {
    const rich = { observationMode: 'text_rich' };
    const chosen = play([...toLamp, 'click[navy blue]', 'click[small]'], rich).last.observation;
    expect(chosen).toMatch(/^You have clicked small\.\nYou have clicked navy blue\.\nInstruction:\n/);
    expect(chosen).toContain(
      '\ncolor\n  [button] red [button_]\n  [clicked button] navy blue [clicked button_]\nshade\n',
    );
    expect(chosen).toContain('\n[button] Buy Now [button_]\n');
    const back = play([...toLamp, 'click[< prev]'], rich).last.observation;
    expect(back).toContain('\n\n[clicked button] B00000000A [clicked button_]\nBazen Lamp\n$12.5\n');
  });
});

describe('moves', () => {
  test('options stay on sub-pages and go with the results', () => {
    const options = (commands: string[]) => play([...toLamp, ...commands]).last.state.options;
    expect(options(['click[navy blue]', 'click[features]', 'click[< prev]'])).toEqual({ color: 'navy blue' });
    // The last option with that value.
    expect(options(['click[navy blue]', 'click[red]'])).toEqual({ color: 'navy blue', shade: 'red' });
    expect(options(['click[small]', 'click[red]'])).toEqual({ shade: 'red' });
    expect(options(['click[small]', 'click[< prev]'])).toEqual({});
  });

  test('back to the page of results that one came from, or to the search page', () => {
    const { state } = play(['search[lamp]', 'click[next >]', 'click[next >]']).last;
    const asin = state.results[20] as string;
    const { steps } = play([
      'search[lamp]',
      'click[next >]',
      'click[next >]',
      `click[${asin}]`,
      'click[< prev]',
      'click[back to search]',
    ]);
    expect(steps.at(-2)?.state).toMatchObject({ page: 'results', resultsPage: 3, asin: null, visited: [asin] });
    expect(steps.at(-1)?.state).toEqual(steps[0]?.state);
  });

  test('one can search from everywhere', () => {
    expect(play([...toLamp, 'click[features]', 'search[other]']).last.state).toMatchObject({
      page: 'results',
      resultsPage: 1,
    });
  });

  test.each([
    'look',
    '',
    'click[search]',
    'click[]',
    'search[]',
    'Click[features]',
    'click[buy]',
    'click[next >]',
    'click[a[b]]',
    'think[x]',
  ])('%j leaves the page of a product as it is', (command) => {
    const { steps, last } = play([...toLamp, command]);
    expect(last).toEqual({ ...steps.at(-2), executed: false });
  });

  test('buying ends the episode with a reward', () => {
    const right = play([...toLamp, 'click[navy blue]', 'click[small]', 'click[buy now]']).last;
    expect(right.result).toEqual({ correct: true, reward: 1 });
    expect(right.observation).toBe('Thank you for shopping with us! [SEP] Your score (min 0.0, max 1.0) [SEP] 1');
    // Attribute, price and one of two options.
    const partly = play([...toLamp, 'click[small]', 'click[buy now]', 'search[lamp]']);
    expect(partly.last.result).toEqual({ correct: false, reward: 3 / 4 });
    expect(partly.last.executed).toBe(false);
    expect(partly.world.admissibleCommands(partly.last.state)).toEqual([]);
  });
});

test('any index can search', () => {
  const search = vi.fn(() => [{ index: 24, score: 1 }]);
  expect(play(['search[Some Words]'], { index: { search } }).last.state.results).toEqual(['B00000000A']);
  expect(search).toHaveBeenCalledWith({ query: 'some words', topK: 50 });
});

test('the nouns of names can come from elsewhere', () => {
  const commands = [...toLamp, 'click[navy blue]', 'click[small]', 'click[buy now]'];
  expect(play(commands, { nounsOf: (name: string) => [name] }).last.result?.reward).toBe(1);
});

test('refuses an empty catalogue and tasks of another one', () => {
  expect(() => createWebshop({ catalogue: { products: [] } })).toThrow(ConfigError);
  expect(() => shop.start(task)).toThrow(DatasetError);
  expect(() => shop.start(task)).toThrow(/task B00000000A-human-0: the catalogue has no product B00000000A/);
  expect(() => shop.start({ id: 'q', question: 'q', goldenAnswers: [] })).toThrow(DatasetError);
});

/** The reward of a policy for a task, or null if it never buys. */
function rewardOf(goal: Task, policy: (state: WebshopState) => string, world = shop): number | null {
  let { state } = world.start(goal);
  for (let count = 0; count < webshopMaxSteps && state.result === null; count++) {
    state = world.step(state, policy(state)).state;
  }
  return state.result?.reward ?? null;
}

/** What who searches for the instruction and buys the first result earns on average. */
function firstResultEarns(tasks: readonly Task[], world = shop): number {
  const buyFirst = (state: WebshopState) => {
    if (state.page === 'search') return `search[${state.instruction}]`;
    return state.page === 'results' ? `click[${state.results[0]}]` : 'click[buy now]';
  };
  return tasks.reduce((sum, goal) => sum + (rewardOf(goal, buyFirst, world) ?? 0), 0) / tasks.length;
}

describe('players', () => {
  // Of the 22,597 synthetic goals a part, in a nightly run all.
  const played = process.env.DGPO_NIGHTLY === '1' ? Number.POSITIVE_INFINITY : 2000;
  test.each(['human', 'synthetic'] as const)('the expert earns 1 for every %s goal within 15 steps', (instructions) => {
    const tasks = goals[instructions].slice(0, played);
    expect(new Set(tasks.map((goal) => rewardOf(goal, shop.expert)))).toEqual(new Set([1]));
  });

  test('the expert finds back from anywhere', () => {
    const random = createRandom(0);
    for (const goal of goals.human.slice(0, 50)) {
      let { state } = shop.start(goal);
      for (let count = 0; count < 10; count++) {
        const commands = shop.admissibleCommands(state).filter((command) => command !== 'click[buy now]');
        state = shop.step(state, random.pick(commands)).state;
      }
      for (let count = 0; count < 30 && state.result === null; count++)
        state = shop.step(state, shop.expert(state)).state;
      // Options that are chosen already may match others in passing, never fewer.
      expect(state.result?.reward).toBe(1);
    }
  });

  test.each(['human', 'synthetic'] as const)(
    'a buyer of the first result earns at most 0.4 on average (%s)',
    (instructions) => {
      expect(firstResultEarns(goals[instructions].slice(0, 1000))).toBeLessThanOrEqual(0.4);
    },
  );

  test.each([
    [60, 4, 0.3, 0.4],
    [60, 1, 0.4, 0.5],
    [120, 1, 0.4, 0.5],
    [240, 1, 0.3, 0.4],
  ])('in small shops (%i products, familiesPerKind %i) that is %d to %d', (products, familiesPerKind, least, most) => {
    for (const seed of [0, 1, 2, 3]) {
      const small = createCatalogue({ products, familiesPerKind, seed });
      const earned = firstResultEarns(createGoals({ catalogue: small, seed }), createWebshop({ catalogue: small }));
      expect(earned).toBeGreaterThan(least);
      expect(earned).toBeLessThanOrEqual(most);
    }
  });
});

const replay = createWebshop({ catalogue });

const command = fc.oneof(
  fc.string(),
  fc.string().map((words) => `search[${words}]`),
  fc.string().map((label) => `click[${label}]`),
  fc.constantFrom(
    'search[lamp]',
    'search[red shoes]',
    'click[next >]',
    'click[< prev]',
    'click[back to search]',
    'click[buy now]',
  ),
  // Draws from what is admissible.
  fc.nat(1000),
);

property.prop([fc.nat(999), fc.array(command, { maxLength: 25 })])(
  'whatever is said, states are plain data, replays are equal and rewards lie within 0 and 1',
  (goal, commands) => {
    const { state: first } = shop.start(goals.human[goal] as Task);
    let state = first;
    for (const choice of commands) {
      const admissible = shop.admissibleCommands(state);
      expect(admissible).toEqual([...admissible].sort());
      const said = typeof choice === 'string' ? choice : (admissible[choice % admissible.length] ?? 'look');
      const before = JSON.stringify(state);
      const step = shop.step(state, said);
      expect(JSON.stringify(state)).toBe(before);
      if (typeof choice !== 'string' && admissible.length > 0) expect(step.executed).toBe(true);
      expect(JSON.parse(JSON.stringify(step.state))).toEqual(step.state);
      // Continued from storage in another shop.
      expect(replay.step(JSON.parse(before), said)).toEqual(step);
      expect(typeof shop.expert(step.state)).toBe('string');
      if (step.result !== null) {
        expect(step.result.reward).toBeGreaterThanOrEqual(0);
        expect(step.result.reward).toBeLessThanOrEqual(1);
        expect(step.result.correct).toBe(step.result.reward === 1);
      }
      state = step.state;
    }
  },
);
