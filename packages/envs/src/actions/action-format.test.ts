import { ConfigError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type ActionFormat, type ActionFormatName, type ActionTool, createActionFormat } from './action-format.js';

const search: ActionTool = { name: 'search', argument: 'query', description: 'find passages' };
const answer: ActionTool = { name: 'answer', argument: 'answer', mayBeEmpty: true, description: 'finish' };
const add: ActionTool = { name: 'add', parameters: ['a', 'b'], description: 'add numbers' };
const act: ActionTool = { name: 'act', argument: 'command', description: 'carry out one command' };
const names: ActionFormatName[] = ['tags', 'react', 'stateact', 'json', 'tool-calls'];

const many = (format: ActionFormatName) => createActionFormat({ format, tools: [search, add, answer] });
const one = (format: ActionFormatName) => createActionFormat({ format, tools: [act] });

const call = (tool: string, given: Record<string, unknown>, thought = '') => ({ tool, arguments: given, thought });
const lima = call('answer', { answer: 'Lima' });
const peru = (thought = '') => call('search', { query: 'capital of Peru' }, thought);
const go = (thought = '') => call('act', { command: 'go to fridge 1' }, thought);

/** What a policy that keeps the stop strings of a format has written of a text. */
const cut = ({ stop }: ActionFormat, text: string) => {
  const ends = stop.flatMap((mark) => (text.includes(mark) ? [text.indexOf(mark) + mark.length] : []));
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
};

describe('react', () => {
  test.each([
    ['Thought: I need it.\nAction: search[capital of Peru]', peru('I need it.')],
    ['Action: Search[capital of Peru]', peru()],
    ['Thought 2: hm\nAction 2: search [ capital of Peru ].', peru('hm')],
    ['> thought: hm\n> action: search[capital of Peru]', peru('hm')],
    ['Thought: one\ntwo\nAction: answer[Lima]', { ...lima, thought: 'one\ntwo' }],
    ['Action: answer[Lima]\nAction: search[x]', lima],
    ['Action: dance[x]\nAction: answer[Lima]', lima],
    ['Action: answer[]', call('answer', { answer: '' })],
    ['Action: answer[a[1] or b[2]]', call('answer', { answer: 'a[1] or b[2]' })],
    ['Action: answer[ 42 ] because [1]', call('answer', { answer: '42' })],
    ['Action: answer[a[1]] as in [1] and [2].', call('answer', { answer: 'a[1]' })],
    ['Action: answer[42] see [1', call('answer', { answer: '42' })],
    ['Action: answer[a[1 or b]', call('answer', { answer: 'a[1 or b' })],
    ['Action: answer[a]b]', call('answer', { answer: 'a]b' })],
    ['Action: search[] or [x]', null],
    ['Action: add[{"a": 1, "b": 2}]', call('add', { a: 1, b: 2 })],
    ['Action: add[{"a": [1]}] because [1]', call('add', { a: [1] })],
    ['Action: add[{"a": "]["}]', call('add', { a: '][' })],
    ['Action: add[{"a": "]"}]', call('add', { a: ']' })],
    ['Action: add[1, 2]', null],
    ['Action: search[]', null],
    ['Action: search[x', null],
    ['Action: search', null],
    ['Action:', null],
    ['I would say Action: search[x]', null],
    ['', null],
  ])('%j', (text, expected) => {
    expect(many('react').parse(text)).toEqual(expected);
  });

  test.each([
    ['Thought: cold\nAction: go to fridge 1\nObservation:', go('cold')],
    ['action: go to fridge 1', go()],
    ['Action: search[red shoes]', call('act', { command: 'search[red shoes]' })],
    ['Action:  \nAction: go to fridge 1', go()],
    ['go to fridge 1', null],
  ])('of one tool: %j', (text, expected) => {
    expect(one('react').parse(text)).toEqual(expected);
  });

  test('is written with a thought and without', () => {
    const command = { tool: 'act', arguments: { command: 'open fridge 1' } };
    expect(one('react').render({ ...command, thought: 'a\nb' })).toBe(
      'Thought: a b\nAction: open fridge 1\nObservation:',
    );
    expect(one('react').render(command)).toBe('Action: open fridge 1\nObservation:');
    expect(many('react').render({ tool: 'search', arguments: { query: 'x' } })).toBe('Action: search[x]\nObservation:');
  });

  test('the observation comes under its label, which is written once', () => {
    const { around } = one('react');
    expect(around('Action: x')).toEqual({ prefix: '\nObservation:', lead: ' ', suffix: '\n' });
    expect(around('Action: x\n')).toEqual({ prefix: 'Observation:', lead: ' ', suffix: '\n' });
    expect(around('Action: x\nObservation:')).toEqual({ prefix: '', lead: ' ', suffix: '\n' });
  });
});

describe('stateact', () => {
  test.each([
    ['goal: cool the egg\ncurrent location: table 1\nthought: cold\naction: go to fridge 1', go('cold')],
    ['> goal: x\nthought: None\naction: go to fridge 1', go()],
    ['goal: x\nstate: y', null],
  ])('%j', (text, expected) => {
    expect(one('stateact').parse(text)).toEqual(expected);
  });

  test('is written line by line, and what is empty reads None', () => {
    const state = { 'current location': 'fridge 1', 'current inventory': '' };
    const options = { tool: 'act', arguments: { command: 'open fridge 1' }, goal: 'cool\nan egg', state };
    expect(one('stateact').render(options)).toBe(
      'goal: cool an egg\ncurrent location: fridge 1\ncurrent inventory: None\nthought: None\naction: open fridge 1\nobservation:',
    );
    expect(many('stateact').render({ tool: 'search', arguments: { query: 'x' } })).toBe(
      'goal: None\nstate: None\nthought: None\naction: search[x]\nobservation:',
    );
  });
});

describe('tags', () => {
  test.each([
    ['<think>hm</think><search>capital of Peru</search>', peru('hm')],
    ['<search> </search><answer>Lima</answer>', { ...lima, thought: '<search> </search>' }],
    ['<add>{"a": 1}</add>', call('add', { a: 1 })],
    ['<add>1</add>', null],
    ['<action>search</action>', null],
  ])('%j', (text, expected) => {
    expect(many('tags').parse(text)).toEqual(expected);
  });

  test('of one tool: the action is its argument', () => {
    expect(one('tags').parse('<think>cold</think>\n<action> go to fridge 1 </action>')).toEqual(go('cold'));
    expect(one('tags').parse('<act>go to fridge 1</act>')).toBeNull();
  });

  test('a dot in a name is no wildcard', () => {
    const dotted = createActionFormat({ format: 'tags', tools: [{ ...search, name: 'a.b' }, answer] });
    expect(dotted.parse('<axb>x</axb>')).toBeNull();
    expect(dotted.parse('<a.b>x</a.b>')).toEqual(call('a.b', { query: 'x' }));
  });
});

describe('json', () => {
  test.each([
    ['{"thought": "hm", "tool": "search", "arguments": {"query": " capital of Peru "}}', peru('hm')],
    ['Sure:\n```json\n{"name": "answer", "arguments": {"answer": "Lima"}}\n```', lima],
    ['{"tool": "answer", "arguments": "{\\"answer\\": \\"Lima\\"}"}', lima],
    ['{"tool": "answer", "arguments": {"answer": 4}}', call('answer', { answer: '4' })],
    ['{"tool": "add", "arguments": {"a": {"b": "}}"}}}', call('add', { a: { b: '}}' } })],
    ['{not json} {"tool": "answer", "arguments": {"answer": "Lima"}}', lima],
    ['{"tool": "search", "arguments": {"query": ["x"]}}', null],
    ['{"tool": "search", "arguments": {}}', null],
    ['{"tool": "search"}', null],
    ['{"tool": "toString", "arguments": {}}', null],
    ['{"__proto__": {"tool": "answer"}, "arguments": {"answer": "x"}}', null],
    [
      '{"id": "1", "type": "function", "function": {"name": "answer", "arguments": "{\\"answer\\": \\"Lima\\"}"}}',
      lima,
    ],
    ['{"type": "function", "function": {"name": "dance", "arguments": {}}}', null],
    ['{"type": "function", "function": "answer"}', null],
    ['[1]', null],
    ['{"tool": "search", "arguments": {"query": "x"', null],
  ])('%j', (text, expected) => {
    expect(many('json').parse(text)).toEqual(expected);
  });

  const inner = call('add', { range: { from: 1, to: 2 } });
  const latex = '\\frac{a}{b^{2}} is {{x}}\nObservation: none';
  test.each([
    ['arguments in arguments', inner, inner],
    ['braces in a thought', { ...lima, thought: latex }, { ...lima, thought: latex }],
    ['braces in a query', call('search', { query: '{{citation}}' }), call('search', { query: '{{citation}}' })],
  ])('%s end no turn before its time, however the object is written', (_, object, expected) => {
    for (const text of [JSON.stringify(object), JSON.stringify(object, null, 2)]) {
      const turn = `${text}\nObservation:`;
      expect(cut(many('json'), `${turn} x`)).toBe(turn);
      expect(many('json').parse(turn)).toEqual(expected);
    }
  });

  test('the label of the observation is written once', () => {
    const { around, render } = many('json');
    expect(around('{}')).toEqual({ prefix: '\nObservation:', lead: ' ', suffix: '\n' });
    expect(around(render(lima))).toEqual({ prefix: '', lead: ' ', suffix: '\n' });
  });
});

describe('tool-calls', () => {
  const wrapped = (text: string) => `<tool_call>\n${text}\n</tool_call>`;
  const valid = '{"name": "search", "arguments": {"query": "capital of Peru"}}';
  test.each([
    [`<think>\nhm\n</think>\n${wrapped(valid)}`, peru('hm')],
    [`${wrapped('{broken')}${wrapped(valid)}`, { ...peru(), thought: expect.any(String) }],
    [`${wrapped(valid)}${wrapped('{"name": "answer", "arguments": {"answer": "x"}}')}`, peru()],
    [wrapped(`{"type": "function", "function": ${valid}}`), peru()],
    [valid, null],
    [`<tool_call>${valid}`, null],
  ])('%j', (text, expected) => {
    expect(many('tool-calls').parse(text)).toEqual(expected);
  });
});

describe.each(names)('%s', (name) => {
  // Line formats and tags cannot hold their own marks; nobody's query does.
  const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[<>[\]:\r\n\u2028\u2029]/.test(text));
  const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' ').trim());

  property.prop([text.filter((value) => value !== ''), text])(
    'reads back what it writes, cut where a turn ends',
    (query, thought) => {
      for (const [format, tool, argument] of [
        [many(name), 'search', 'query'],
        [one(name), 'act', 'command'],
      ] as const) {
        const written = format.render({ tool, arguments: { [argument]: query }, thought });
        expect(cut(format, written)).toBe(written);
        expect(format.parse(written)).toMatchObject({ tool, arguments: { [argument]: query } });
      }
    },
  );

  test('reads back arguments that are an object', () => {
    const given = { a: 1, b: { c: [true, null, { d: 'x}}' }] } };
    const written = many(name).render({ tool: 'add', arguments: given });
    expect(cut(many(name), written)).toBe(written);
    expect(many(name).parse(written)).toEqual(call('add', given));
  });

  property.prop([
    fc.array(
      fc.oneof(
        fc.constantFrom('Action:', 'action: ', 'search[', ']', '<search>', '</search>', '<tool_call>', '</tool_call>'),
        fc.constantFrom('{"tool": "search", ', '"arguments": {', '"query": "', '"', '}', '{', '\\', '\n', 'thought:'),
        fc.string({ unit: 'binary' }),
      ),
    ),
  ])('never throws, and gives what it promises', (pieces) => {
    const parsed = many(name).parse(pieces.join(''));
    if (parsed?.tool === 'search') expect(String(parsed.arguments.query).trim()).not.toBe('');
    if (parsed !== null) expect(['search', 'add', 'answer']).toContain(parsed.tool);
  });

  test('takes time linear in the text', () => {
    const hostile = ['<search>', '<tool_call>', '{', '{"a":"', 'Action: ', 'Action: search[', '> > ', 'a '];
    for (const piece of hostile) {
      many(name).parse(piece.repeat(50_000));
      many(name).parse(`${piece.repeat(50_000)}\n`.repeat(2));
    }
  });

  test('says how to write, what there is to call and how to mend a turn', () => {
    const { instructions, reminder } = many(name);
    for (const tool of ['search', 'add', 'answer']) expect(instructions).toContain(tool);
    expect(instructions).toContain('find passages');
    expect(reminder).toContain('search');
    expect(instructions).toContain('{"a": …, "b": …}');
    expect(one(name).reminder).toContain('command');
  });

  test('renders nothing for a tool it does not know', () => {
    expect(() => many(name).render({ tool: 'dance', arguments: {} })).toThrow(TypeError);
  });
});

test.each([
  [
    'an unknown format',
    { format: 'yaml' as ActionFormatName, tools: [act] },
    /format: there is no "yaml"; there are tags/,
  ],
  ['a format of the prototype', { format: 'toString' as ActionFormatName, tools: [act] }, /there is no "toString"/],
  ['no tools', { format: 'json' as const, tools: [] }, /at least one/],
  ['a name that is none', { format: 'json' as const, tools: [{ ...act, name: 'a b' }] }, /found "a b"/],
  ['the tag of thoughts', { format: 'tags' as const, tools: [act, { ...act, name: 'think' }] }, /"think" is a tag/],
  [
    'the tag of observations',
    { format: 'tags' as const, tools: [act, { ...act, name: 'information' }], observationTag: 'information' },
    /"information" is a tag/,
  ],
  ['a name that comes twice', { format: 'json' as const, tools: [act, { ...act, name: 'Act' }] }, /found "Act"/],
])('%s is refused', (_, options, message) => {
  expect(() => createActionFormat(options)).toThrow(ConfigError);
  expect(() => createActionFormat(options)).toThrow(message);
});
