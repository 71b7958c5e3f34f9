import { describe, expect, test } from 'vitest';
import { codeCalls } from './code-calls.js';
import { smolagents } from './smolagents.js';

const read = (steps: unknown[], more: object = {}) => smolagents.toTrajectory({ answer: 'sol', steps, ...more });
const task = { task: 'What money?' };
const python = (code: string, more: object = {}) => ({
  step_number: 1,
  model_output: `Thought: x\n${code}`,
  tool_calls: [{ id: 'c', type: 'function', function: { name: 'python_interpreter', arguments: code } }],
  code_action: code,
  ...more,
});
const brief = (steps: unknown[]) =>
  read([task, ...steps]).actions.map(({ turn, kind, query, answer, executed }) => [
    turn,
    kind,
    query ?? answer ?? '',
    executed,
  ]);

test('an agent that writes code', () => {
  const search = python('print(web_search("money of Peru"))', {
    observations: 'Execution logs:\n[Peru](https://a.b)\nThe sol.\nLast output from code snippet:\nNone',
  });
  const final = python('final_answer(x)', {
    is_final_answer: true,
    action_output: 'sol',
    observations: 'Execution logs:\nLast output from code snippet:\nsol',
  });
  const { segments, actions, outcome } = read([
    { system_prompt: 'be good' },
    task,
    { plan: 'first search' },
    search,
    final,
  ]);
  expect(segments.map(({ kind }) => kind)).toEqual([
    'prompt',
    'prompt',
    'policy',
    'policy',
    'observation',
    'policy',
    'observation',
  ]);
  expect(actions).toMatchObject([
    {
      turn: 0,
      kind: 'search',
      query: 'money of Peru',
      executed: true,
      code: 'print(web_search("money of Peru"))',
      documents: [{ document: { contents: 'Peru\nThe sol.' } }],
    },
    { turn: 1, kind: 'answer', answer: 'sol', executed: true },
  ]);
  expect(outcome).toEqual({ correct: true, reward: 1, answer: 'sol', endedBy: 'answer' });
});

test('an agent that calls tools; a bare list of steps', () => {
  const tools = (name: string, given: object, more: object) => ({
    step_number: 1,
    model_output: null,
    tool_calls: [{ function: { name, arguments: given } }],
    ...more,
  });
  const steps = [
    task,
    tools('web_search', { query: 'Peru' }, { observations: 'The sol.' }),
    tools('final_answer', { answer: 'sol' }, { is_final_answer: true, action_output: 'sol' }),
  ];
  const { id, actions } = smolagents.toTrajectory(steps);
  expect(id).toBe('What money?#0');
  expect(actions).toMatchObject([
    {
      kind: 'search',
      query: 'Peru',
      text: '{"name":"web_search","arguments":{"query":"Peru"}}',
      documents: [{ document: { contents: 'The sol.' } }],
    },
    { kind: 'answer', answer: 'sol' },
  ]);
});

describe('the answer of code', () => {
  const answerOf = (steps: unknown[], more: object = {}) => read([task, ...steps], more).outcome.answer;
  const variable = python('x = f()\nfinal_answer(x)');
  test.each([
    ['a step that is not final has none', [python('if x: final_answer("no")', { is_final_answer: false })], {}, null],
    [
      'tools: a step that is not final has none',
      [
        {
          step_number: 1,
          tool_calls: [{ function: { name: 'final_answer', arguments: { answer: 'no' } } }],
          is_final_answer: false,
        },
      ],
      {},
      null,
    ],
    [
      'the output of the last step',
      [python('final_answer(x)', { action_output: 'sol' })],
      { final_answer: 'no' },
      'sol',
    ],
    ['what the record says', [{ ...variable, action_output: null }], { final_answer: ' sol ' }, 'sol'],
    ['what the last element says', [variable, { output: 'sol' }], { final_answer: 'no' }, 'sol'],
    ['a literal stands', [python('final_answer("sol")', { action_output: 'None' })], { final_answer: 'no' }, 'sol'],
    ['text put together is none', [python('final_answer("s" + x + "l")', { action_output: 'sol' })], {}, 'sol'],
    ['the expression, if nothing else is known', [variable], {}, 'x'],
    [
      'not the output of an earlier step',
      [python('final_answer(x)', { action_output: 'no' }), python('y = 1')],
      {},
      'x',
    ],
  ])('%s', (_, steps, more, expected) => {
    expect(answerOf(steps, more)).toBe(expected);
  });

  test('code that does not answer is code', () => {
    expect(brief([python('if x: final_answer("no")', { is_final_answer: false })])).toEqual([[0, 'code', '', true]]);
  });
});

test.each([
  ['"a"', true],
  ["answer='a'", true],
  ['"""a\nb"""', true],
  ['r"a"', true],
  ['-1.5', true],
  ['""', true],
  ['x', false],
  ['f"{x}"', false],
  ['"a" + x + "b"', false],
  ['"a", x', true],
  ['["a"]', false],
])('whether %s is a literal: %s', (given, expected) => {
  expect(codeCalls(`final_answer(${given})`).map(({ isLiteral }) => isLiteral)).toEqual([expected]);
});

describe('what counts as an action', () => {
  const failed = { error: { type: 'AgentExecutionError', message: 'no such name' } };
  test.each([
    ['code without a call is code', [python('x = 1')], [[0, 'code', '', true]]],
    ['code that failed', [python('x = y', failed)], [[0, 'code', '', false]]],
    ['an answer that failed is none', [python('final_answer(x)', failed)], [[0, 'code', '', false]]],
    ['a search that failed was not carried out', [python('web_search("a")', failed)], [[0, 'search', 'a', false]]],
    [
      'output that cannot be read',
      [{ step_number: 1, model_output: 'hm', error: { type: 'AgentParsingError', message: 'x' } }],
      [[0, 'invalid', '', false]],
    ],
    [
      'the answer that is asked for when no step is left',
      [{ step_number: 2, error: { type: 'AgentMaxStepsError', message: 'x' }, action_output: 'sol' }],
      [[0, 'answer', 'sol', true]],
    ],
  ])('%s', (_, steps, expected) => {
    expect(brief([{ step_number: 0, model_output: '' }, ...steps]).map(([, ...rest]) => rest)).toEqual(
      expected.map(([, ...rest]) => rest),
    );
  });

  test('of several searches in one step only the last one may have found what was printed', () => {
    const { actions } = read([
      task,
      python('a = web_search("a")\nb = web_search(query="b")\nprint(a, b)', { observations: 'The sol.' }),
    ]);
    expect(actions.map(({ query, documents }) => [query, documents?.length])).toEqual([
      ['a', undefined],
      ['b', 1],
    ]);
  });
});

test('a run that its model failed', () => {
  const error = { type: 'AgentGenerationError', message: 'server gone' };
  expect(read([task, python('x = 1'), { step_number: 2, error }]).outcome).toMatchObject({
    endedBy: 'error',
    error: 'server gone',
  });
});

test('a run whose first generation failed', () => {
  const error = { type: 'AgentGenerationError', message: 'server gone' };
  const { actions, outcome } = read([task, { step_number: 1, error }]);
  expect(actions).toEqual([]);
  expect(outcome).toEqual({ correct: false, reward: 0, answer: null, endedBy: 'error', error: 'server gone' });
  expect(() => read([task])).toThrow('nothing that the policy wrote');
});

test('what stands beside the steps', () => {
  const { outcome, task: read_ } = read([task, python('x = 1')], {
    question: 'Which money?',
    final_answer: 'sol',
    original: 1,
  });
  expect([outcome.answer, read_.question]).toEqual(['sol', 'Which money?']);
});

test.each([
  ['print(web_search("a b"))', [['web_search', 'a b']]],
  ["web_search(query='it\\'s')", [['web_search', "it's"]]],
  ['wiki.search("method of an object is not the tool")', []],
  ['def web_search(q): pass', []],
  ['# web_search("a")\ns = "web_search(1)"', []],
  ['web_search(f"{city} money", 3)', [['web_search', '{city} money']]],
  ['web_search(", ".join(names))', [['web_search', '", ".join(names)']]],
  ['r = web_search("""a\n"b" """)', [['web_search', 'a\n"b" ']]],
  ['final_answer({"a": (1, 2)})', [['final_answer', '{"a": (1, 2)}']]],
  ['web_search("never closed', [['web_search', '"never closed']]],
  ['visit_page("x"); web_search(q)', [['web_search', 'q']]],
])('the calls in %s', (code, expected) => {
  expect(codeCalls(code).map(({ name, arguments: given }) => [name, given])).toEqual(expected);
});

test('code of any shape takes time in proportion to its length', () => {
  for (const trap of ['web_search(', '"', "'''", '#', 'a=', '\\', 'f(']) {
    expect(codeCalls(trap.repeat(Math.ceil(100_000 / trap.length))).length).toBeLessThanOrEqual(200);
  }
});
