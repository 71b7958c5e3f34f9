import { describe, expect, test } from 'vitest';
import { openai } from './openai.js';

const read = (messages: unknown, more: object = {}) => openai.toTrajectory({ question: 'q', messages, ...more });
const call = (name: string, given: unknown, id = 'c1') => ({
  id,
  type: 'function',
  function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
});
const assistant = (content: string | null, ...calls: object[]) => ({
  role: 'assistant',
  content,
  ...(calls.length === 0 ? {} : { tool_calls: calls }),
});
const tool = (content: unknown, id = 'c1') => ({ role: 'tool', tool_call_id: id, content });
const user = (content: unknown) => ({ role: 'user', content });

test('an episode by hand', () => {
  const { task, segments, actions, outcome } = openai.toTrajectory({
    id: 1,
    golden_answers: ['sol'],
    messages: [
      { role: 'system', content: 'For example <answer> Beijing </answer>.' },
      user([{ type: 'text', text: 'What money?' }]),
      assistant('I look it up.', call('web_search', { query: ' money of Peru ' })),
      tool('[{"title": "Peru", "text": "Its money is the sol."}]'),
      assistant('The sol'),
    ],
  });
  expect(task).toEqual({ id: '1', question: 'What money?', goldenAnswers: ['sol'] });
  expect(segments).toEqual([
    { kind: 'prompt', text: 'For example <answer> Beijing </answer>.' },
    { kind: 'prompt', text: 'What money?' },
    {
      kind: 'policy',
      text: 'I look it up.\n<tool_call>\n{"name":"web_search","arguments":{"query":" money of Peru "}}\n</tool_call>',
    },
    { kind: 'observation', text: '[{"title": "Peru", "text": "Its money is the sol."}]' },
    { kind: 'policy', text: 'The sol' },
  ]);
  expect(actions).toMatchObject([
    {
      turn: 0,
      kind: 'search',
      query: 'money of Peru',
      executed: true,
      documents: [{ document: { contents: 'Peru\nIts money is the sol.' } }],
    },
    { turn: 1, kind: 'answer', answer: 'The sol', executed: true },
  ]);
  // "The sol" and "sol" are the same without the article.
  expect(outcome).toEqual({ correct: true, reward: 1, answer: 'The sol', endedBy: 'answer' });
});

test('calls side by side belong to one turn, and each gets the answer to its id', () => {
  const { actions } = read([
    user('q'),
    assistant(null, call('search', { query: 'a' }, 'x'), call('search', { query: 'b' }, 'y')),
    tool('about b', 'y'),
    tool('about a', 'x'),
    assistant('done'),
  ]);
  expect(actions.map(({ turn, query, documents }) => [turn, query, documents?.[0]?.document.contents])).toEqual([
    [0, 'a', 'about a'],
    [0, 'b', 'about b'],
    [1, undefined, undefined],
  ]);
});

describe('what counts as an action', () => {
  test.each([
    [
      'another tool is a command',
      [assistant('', call('get_weather', { city: 'Lima' })), tool('12')],
      [['command', 'get_weather({"city":"Lima"})', true]],
    ],
    ['an answer tool answers', [assistant('', call('final_answer', { answer: 'sol' }))], [['answer', 'sol', true]]],
    [
      'a call without a reply was not carried out',
      [assistant('', call('search', { query: 'a' }))],
      [['search', 'a', false]],
    ],
    ['a search for nothing is invalid', [assistant('', call('search', {})), tool('x')], [['invalid', '', false]]],
    [
      'arguments that are no JSON are the query',
      [assistant('', call('search', 'peru')), tool('x')],
      [['search', 'peru', true]],
    ],
    [
      'the old form of a call',
      [
        { role: 'assistant', content: null, function_call: { name: 'search', arguments: '{"q": "a"}' } },
        { role: 'function', name: 'search', content: 'x' },
      ],
      [['search', 'a', true]],
    ],
    ['a call without a name is invalid', [assistant('', {}), tool('x')], [['invalid', '', false]]],
    [
      'words between calls are none',
      [assistant('hm'), user('go on'), assistant('sol')],
      [
        ['invalid', '', false],
        ['answer', 'sol', true],
      ],
    ],
    [
      'tags count where there are no calls',
      [assistant('<search>a</search>'), user('<information>x</information>'), assistant('<answer>sol</answer>')],
      [
        ['search', 'a', true],
        ['answer', 'sol', true],
      ],
    ],
    [
      'a final message after its reasoning and label',
      [assistant('<think>no answer: x</think>\n**Final answer:** sol')],
      [['answer', 'sol', true]],
    ],
  ])('%s', (_, messages, expected) => {
    const { actions } = read([user('q'), ...messages]);
    expect(
      actions.map(({ kind, query, answer, command, executed }) => [kind, query ?? answer ?? command ?? '', executed]),
    ).toEqual(expected);
  });
});

test('how it ended', () => {
  expect(read([user('q'), assistant('The answer is the so')], { finish_reason: 'length' }).outcome).toMatchObject({
    answer: null,
    endedBy: 'length',
  });
  expect(read([user('q'), assistant('', call('search', { query: 'a' })), tool('x')]).outcome).toMatchObject({
    answer: null,
    endedBy: 'turns',
  });
});

test('lists of messages and logged completions', () => {
  const messages = [user('What money?'), assistant('sol')];
  expect(openai.toTrajectory(messages)).toMatchObject({ id: 'What money?#0', outcome: { answer: 'sol' } });
  const logged = {
    request: { messages: [user('What money?')] },
    response: { choices: [{ message: assistant('sol'), finish_reason: 'stop' }] },
  };
  expect(openai.toTrajectory(logged).outcome.answer).toBe('sol');
});

test.each([
  [{ messages: [user('q')] }, 'nothing that the policy wrote'],
  [{ messages: [user(''), assistant('x')] }, 'question: missing'],
  [{ messages: [user('q'), { content: 'x' }] }, 'messages: expected role'],
  [{ messages: [] }, 'expected a list of chat messages'],
])('%j is refused', (record, message) => {
  expect(() => openai.toTrajectory(record)).toThrow(message);
});
