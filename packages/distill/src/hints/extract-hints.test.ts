import { ConfigError, type Task } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Turn, worldEpisode } from './__fixtures__/worlds.js';
import { problemOf } from './check-hint.js';
import { extractHints } from './extract-hints.js';
import { failureOf, stepsOf } from './failure.js';

const no = 'Nothing happens.';
const at = (place: string, view = `On the ${place}, you see nothing.`) => `You arrive at ${place}. ${view}`;

const rulesOf = (turns: readonly Turn[], question = 'put a clean mug in shelf') =>
  extractHints({ trajectory: worldEpisode({ turns, task: { question } }), maxHints: 20 }).map(
    ({ rule, turn }) => `${rule} ${turn}`,
  );
const hintsOf = (turns: readonly Turn[], question?: string) =>
  extractHints({ trajectory: worldEpisode({ turns, ...(question ? { task: { question } } : {}) }), maxHints: 20 }).map(
    ({ hint }) => hint,
  );

describe('preconditions in a household', () => {
  const takeMug: Turn[] = [
    ['go to shelf 2', at('shelf 2')],
    ['take mug 1 from shelf 2', 'You pick up the mug 1.'],
  ];

  test.each<[string, Turn[], string]>([
    [
      'away',
      [['take mug 1 from shelf 2', no, 'refused']],
      'Go to the {container} before you take the {object} from it.',
    ],
    [
      'closed',
      [
        ['go to fridge 1', at('fridge 1', 'The fridge 1 is closed.')],
        ['take mug 1 from fridge 1', no, 'refused'],
      ],
      'Open the {container} before you take the {object} out of it.',
    ],
    [
      'not there, after it was opened',
      [
        ['go to fridge 1', at('fridge 1', 'The fridge 1 is closed.')],
        ['open fridge 1', 'You open the fridge 1. The fridge 1 is open. In it, you see nothing.'],
        ['take mug 1 from fridge 1', no, 'refused'],
      ],
      'Take the {object} only from the {container} where an observation has shown it.',
    ],
    [
      'hands full',
      [...takeMug, ['take cup 1 from shelf 2', no, 'refused']],
      'Put down what you hold before you take another {object}.',
    ],
    ['nothing in hand', [['move mug 1 to shelf 1', no, 'refused']], 'Take the {object} before you put it anywhere.'],
    [
      'nothing in hand, old spelling',
      [['put mug 1 in/on shelf 1', no, 'refused']],
      'Take the {object} before you put it anywhere.',
    ],
    [
      'not at the sink',
      [...takeMug, ['clean mug 1 with sinkbasin 1', no, 'refused']],
      'Carry the {object} to the {container} before you clean it there.',
    ],
    [
      'already there',
      [...takeMug, ['go to shelf 2', no, 'refused']],
      'Do not go to the {location} where you already are; act there.',
    ],
    ['open from afar', [['open fridge 1', no, 'refused']], 'Go to the {container} before you open it.'],
    [
      'no grammar',
      [['walk around', no, 'refused']],
      'Write each command in one of the listed forms, with names as the observation shows them.',
    ],
    [
      'no command',
      [[null, 'Write a command.']],
      'End every turn with one command in the form that the prompt asks for.',
    ],
  ])('%s', (_, turns, hint) => {
    expect(hintsOf(turns)).toContain(hint);
  });

  test('of many refusals the two most frequent are told', () => {
    const turns: Turn[] = [
      ['open fridge 1', no, 'refused'],
      ['use desklamp 1', no, 'refused'],
      ['walk', no, 'refused'],
      ['use desklamp 1', no, 'refused'],
      ['dance', no, 'refused'],
    ];
    const rules = rulesOf(turns).filter((one) => one.startsWith('unmet'));
    expect(rules).toEqual(['unmet-precondition 1', 'unmet-precondition 2']);
  });
});

describe('order in a household', () => {
  const fetch: Turn[] = [
    ['go to desk 1', at('desk 1')],
    ['take mug 1 from desk 1', 'ok'],
  ];

  test.each<[string, string, Turn[], string[]]>([
    [
      'placed before it was clean',
      'put a clean mug in shelf',
      [...fetch, ['go to shelf 1', 'ok'], ['move mug 1 to shelf 1', 'ok']],
      ['wrong-order 3', 'never-prepared 3'],
    ],
    [
      'cleaned, then placed',
      'clean some mug and put it in shelf',
      [...fetch, ['clean mug 1 with sinkbasin 1', 'ok'], ['move mug 1 to shelf 1', 'ok']],
      [],
    ],
    [
      'heated, then cooled again',
      'put a hot mug in shelf',
      [
        ...fetch,
        ['heat mug 1 with microwave 1', 'a'],
        ['cool mug 1 with fridge 1', 'b'],
        ['move mug 1 to shelf 1', 'c'],
      ],
      ['wrong-order 4'],
    ],
    [
      'lit with empty hands',
      'look at mug under the desklamp',
      [
        ['go to desk 1', 'ok'],
        ['use desklamp 1', 'ok'],
      ],
      ['wrong-order 1', 'never-found 1'],
    ],
    ['never lit', 'examine the mug with the desklamp', fetch, ['never-lit 1']],
    ['never found', 'put a mug in shelf', [['go to desk 1', 'ok']], ['never-found 0']],
    ['never placed', 'put some mug on shelf', fetch, ['never-placed 1']],
    ['one of two', 'put two mug in shelf', [...fetch, ['move mug 1 to shelf 1', 'ok']], ['never-placed 2']],
    [
      'two of two',
      'find two mug and put them in shelf',
      [...fetch, ['move mug 1 to shelf 1', 'ok'], ['take mug 2 from desk 1', 'ok'], ['move mug 2 to shelf 1', 'ok']],
      [],
    ],
  ])('%s', (_, question, turns, rules) => {
    expect(rulesOf(turns, question)).toEqual(rules);
  });

  test('the goal of the game counts more than its words', () => {
    const household = { goal: { object: 'mug', receptacle: 'shelf', lamp: null, condition: 'clean', count: 1 } };
    const task: Partial<Task> = { question: 'tidy up', metadata: { household } };
    const turns: Turn[] = [...fetch, ['move mug 1 to shelf 1', 'ok']];
    const [first] = extractHints({ trajectory: worldEpisode({ turns, task }) });
    expect(first).toEqual({
      rule: 'wrong-order',
      turn: 2,
      hint: 'Put the {object} into the {container} only after you have cleaned it.',
    });
  });
});

describe('repetition', () => {
  const go = (place: number): Turn => [`go to desk ${place}`, at(`desk ${place}`)];

  test('a round that comes again is a loop, with other answers it is none', () => {
    expect(rulesOf([go(3), go(1), go(2), go(1), go(2)], '')).toEqual(['no-effect-loop 1']);
    expect(rulesOf([go(1), go(2), go(1), ['go to desk 2', 'something new']], '')).toEqual([]);
  });

  test('three times the same is a repetition, twice is none', () => {
    expect(rulesOf([go(1), ['look', 'x'], ['look', 'x'], ['look', 'x']], '')).toEqual(['repeated-command 1']);
    expect(rulesOf([['look', 'x'], ['look', 'x'], go(1), ['look', 'x']], '')).toEqual([]);
    const trajectory = worldEpisode({ turns: [['look'], ['look']], task: { question: '' } });
    expect(extractHints({ trajectory, repeats: 2 })).toMatchObject([{ rule: 'repeated-command', turn: 0 }]);
  });
});

describe('shops', () => {
  const goal = { attributes: ['soft'], options: { Size: 'Large', Color: 'Red' }, priceUpper: 20 };
  const page = (price: string) => `Instruction: [SEP] find it [SEP] Price: ${price} [SEP] Buy Now`;
  const find: Turn[] = [
    ['search[shirt]', 'results'],
    ['click[B000000001]', page('$15.00')],
  ];
  const rules = (turns: readonly Turn[], metadata: Record<string, unknown> = { goal }, question = 'find it') =>
    extractHints({
      trajectory: worldEpisode({ environment: 'webshop', turns, task: { question, metadata } }),
      maxHints: 20,
    }).map(({ rule, hint }) => `${rule}: ${hint}`);

  test('bought without options, without looking', () => {
    expect(rules([...find, ['click[buy now]']])).toEqual([
      'bought-without-options: Choose the {size} and the {color} that the instruction names before you buy the {item}.',
      'bought-without-features: Open the features of the {item} and look for the {attribute} before you buy it.',
    ]);
    expect(
      rules([
        ...find,
        ['click[large]', page('$15.00')],
        ['click[Features]', 'soft'],
        ['click[< prev]', page('$15')],
        ['click[buy now]'],
      ]),
    ).toEqual(['bought-without-options: Choose the {color} that the instruction names before you buy the {item}.']);
  });

  test('options without names, or of other names', () => {
    const generic = 'bought-without-options: Choose every option that the instruction names before you buy the {item}.';
    expect(rules([...find, ['click[buy now]']], { goal: { ...goal, attributes: [], options: ['large'] } })).toEqual([
      generic,
    ]);
    expect(
      rules([...find, ['click[buy now]']], { goal: { ...goal, attributes: [], options: { Scent: 'mint' } } }),
    ).toEqual([generic]);
  });

  test('too dear, by the goal or by its words; a price range by its lower end', () => {
    const dear = (price: string, metadata: Record<string, unknown> = { goal: { priceUpper: 20 } }, question?: string) =>
      rules([['search[shirt]', 'results'], ['click[B000000001]', page(price)], ['click[buy now]']], metadata, question);
    const found = [
      'price-over-limit: Compare the price of the {item} with the limit of the instruction before you buy it.',
    ];
    expect(dear('$20.50')).toEqual(found);
    expect(dear('| price: $20.50')).toEqual(found);
    expect(dear('$1,000.00')).toEqual(found);
    expect(dear('$15.00 to $30.00')).toEqual([]);
    expect(dear('$20.50', { goal: { priceUpper: 1_000_000 } })).toEqual([]);
    expect(dear('$20.50', {}, 'find it, and price lower than 20.00 dollars')).toEqual(found);
  });

  test('never bought, refused clicks', () => {
    const turns: Turn[] = [
      ['click[buy now]', 'x', 'refused'],
      ['search[shirt]', 'results'],
      ['dance', 'x', 'refused'],
    ];
    expect(rules(turns)).toEqual([
      'never-bought: Buy the {item} that fits best before the steps run out.',
      'unmet-precondition: Return to the page of the {item} before you buy it.',
    ]);
  });

  test('two hints at most', () => {
    const trajectory = worldEpisode({
      environment: 'webshop',
      turns: [...find, ['click[buy now]']],
      task: { metadata: { goal: { ...goal, priceUpper: 5 } } },
    });
    expect(extractHints({ trajectory }).map(({ rule }) => rule)).toEqual([
      'bought-without-options',
      'price-over-limit',
    ]);
  });
});

test('successes, errors of the environment and failures without a cause give no hints', () => {
  const turns: Turn[] = [['dance', no, 'refused']];
  expect(extractHints({ trajectory: worldEpisode({ turns, outcome: { correct: true } }) })).toEqual([]);
  expect(extractHints({ trajectory: worldEpisode({ turns, outcome: { endedBy: 'error' } }) })).toEqual([]);
  expect(extractHints({ trajectory: worldEpisode({ turns: [], task: { question: '' } }) })).toEqual([]);
  expect(extractHints({ trajectory: worldEpisode({ turns: [['look', 'x']], task: { question: 'be good' } }) })).toEqual(
    [],
  );
});

test('other environments and options out of range are refused', () => {
  const trajectory = worldEpisode({ environment: 'search' });
  expect(() => extractHints({ trajectory })).toThrow(ConfigError);
  expect(extractHints({ trajectory, domain: 'household' })).toEqual([]);
  expect(() => extractHints({ trajectory: worldEpisode({}), maxHints: 0 })).toThrow('maxHints');
  expect(() => extractHints({ trajectory: worldEpisode({}), repeats: 0.5 })).toThrow('repeats');
});

test.each([
  ['\nObservation: You see it.\n', 'You see it.'],
  [' You see it.\n', 'You see it.'],
  ['\n<tool_response>\nYou see it.\n</tool_response>\n', 'You see it.'],
  ['\n\n<observation>You see it.</observation>\n\n', 'You see it.'],
])('an observation without what formats put around it: %j', (text, observation) => {
  const trajectory = worldEpisode({ turns: [['look', '?']] });
  const segments = trajectory.segments.map((one) => (one.kind === 'observation' ? { ...one, text } : one));
  expect(stepsOf({ ...trajectory, segments })).toEqual([{ command: 'look', observation, executed: true }]);
});

test('categories by the names of the tasks, or of the published runs', () => {
  const of = (type: unknown, compat?: 'reference') =>
    failureOf({ trajectory: worldEpisode({ task: { metadata: { type } } }), ...(compat ? { compat } : {}) }).category;
  expect(of('pick_two_obj_and_place')).toBe('pick_two_obj_and_place');
  expect(of('pick_two_obj_and_place', 'reference')).toBe('puttwo');
  expect(of('grocery', 'reference')).toBe('food');
  expect(of('constructor', 'reference')).toBe('constructor');
  expect(of(3)).toBeNull();
});

const command = fc.oneof(
  fc.constantFrom(
    'look',
    'go to fridge 1',
    'open fridge 1',
    'take mug 1 from fridge 1',
    'move mug 1 to shelf 1',
    'use desklamp 1',
  ),
  fc.constantFrom(
    'search[x]',
    'click[B1]',
    'click[buy now]',
    'click[large]',
    'click[features]',
    'click[< prev]',
    'click[back to search]',
  ),
  fc.string({ maxLength: 12 }),
  fc.constant(null),
);
const turn = fc.tuple(
  command,
  fc.constantFrom(no, 'The fridge 1 is closed.', 'Price: $9.00'),
  fc.constantFrom('refused' as const, undefined),
);

property.prop([fc.array(turn, { maxLength: 25 }), fc.constantFrom('household', 'webshop')])(
  'whatever was played, hints are few, different and keep the rules of hints',
  (played, environment) => {
    const turns = played.map(
      ([one, observation, refused]): Turn => (refused ? [one, observation, refused] : [one, observation]),
    );
    const metadata = { goal: { attributes: ['soft'], options: { size: 'large' }, priceUpper: 5 } };
    const hints = extractHints({ trajectory: worldEpisode({ environment, turns, task: { metadata } }) }).map(
      ({ hint }) => hint,
    );
    expect(hints.length).toBeLessThanOrEqual(environment === 'household' ? 4 : 2);
    expect(new Set(hints).size).toBe(hints.length);
    for (const text of hints)
      expect(problemOf({ text, domain: environment === 'household' ? 'household' : 'webshop' })).toBeNull();
  },
);
