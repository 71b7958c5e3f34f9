import { EnvironmentError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createFixedRetriever } from './__fixtures__/episodes.js';
import { type AgentEvent, type AgentOptions, createAgent } from './agent.js';
import type { Policy } from './policy.js';
import { createScriptedPolicy } from './scripted-policy.js';

const writing = (...turns: string[]) => createScriptedPolicy({ script: ({ turn }) => turns[turn] ?? 'hm' });
const { retriever } = createFixedRetriever();
const agentOf = (model: Policy, options: Partial<AgentOptions> = {}) =>
  createAgent({ model, retriever, topK: 1, ...options });

async function events(stream: AsyncIterable<AgentEvent>): Promise<AgentEvent[]> {
  const list: AgentEvent[] = [];
  for await (const event of stream) list.push(event);
  return list;
}

test('tells thoughts, searches, passages and the answer in order', async () => {
  const model = writing(
    '<think>I need\nthe money.</think><search>money of Peru</search>',
    'gibberish',
    '<think>So.</think> Then <answer>Peruvian sol</answer>',
  );
  const list = await events(agentOf(model).ask('What money is used in Peru?'));
  expect(list).toMatchObject([
    { type: 'thought', text: 'I need\nthe money.' },
    { type: 'search', query: 'money of Peru' },
    { type: 'documents', query: 'money of Peru', documents: [{ document: { id: '1' } }] },
    { type: 'invalid', text: 'gibberish' },
    { type: 'thought', text: 'So.  Then' },
    { type: 'answer', answer: 'Peruvian sol', trajectory: { outcome: { endedBy: 'answer' }, policy: 'scripted' } },
  ]);
});

test('a search in the final turn is not carried out; without an answer the answer is null', async () => {
  const search = '<search>x</search>';
  const list = await events(agentOf(writing(search, search), { maxSearches: 1 }).ask('Where?'));
  expect(list.map(({ type }) => type)).toEqual(['search', 'documents', 'invalid', 'answer']);
  expect(list.at(-1)).toMatchObject({ answer: null, trajectory: { outcome: { endedBy: 'turns' } } });
});

test('answer gives the answer alone', async () => {
  expect(await agentOf(writing('<answer>Lima</answer>')).answer('Capital of Peru?')).toBe('Lima');
  expect(await agentOf(writing('hm')).answer('Capital of Peru?')).toBeNull();
});

test('tokens are streamed as text', async () => {
  let streamed = '';
  const onToken = (text: string) => {
    streamed += text;
  };
  await agentOf(writing('<answer>Lima</answer>')).answer('Capital of Peru?', { onToken });
  expect(streamed).toBe('<answer>Lima</answer>');
});

test('a retriever that fails is an error for the one who asks', async () => {
  const broken = { retrieve: () => Promise.reject(new Error('connection refused')) };
  const asked = agentOf(writing('<search>x</search>'), { retriever: broken }).answer('Where?');
  await expect(asked).rejects.toThrow(EnvironmentError);
  await expect(asked).rejects.toThrow('retriever: connection refused');
});

test('aborting rejects with the reason', async () => {
  const reason = new Error('stopped');
  const agent = agentOf(writing('<answer>Lima</answer>'));
  await expect(agent.answer('Where?', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('is greedy by default, draws from the seed and the question, and releases every episode it asked for', async () => {
  const seen: { id: string; temperature: number; draw: number }[] = [];
  const released: string[] = [];
  const scripted = writing('<answer>Lima</answer>');
  const model: Policy = {
    ...scripted,
    generate(requests) {
      seen.push(...requests.map(({ id, temperature, random }) => ({ id, temperature, draw: random.next() })));
      return scripted.generate(requests);
    },
    release: (ids) => void released.push(...ids),
  };
  const agent = agentOf(model);
  await Promise.all([agent.answer('Where?'), agent.answer('Where?'), agent.answer('Who?')]);
  await agentOf(model, { seed: 1, temperature: 0.7 }).answer('Where?');
  const [first, again, other, seeded] = seen;
  expect(new Set(seen.slice(0, 3).map(({ id }) => id)).size).toBe(3);
  expect([...released].sort()).toEqual(seen.map(({ id }) => id).sort());
  expect(first?.temperature).toBe(0);
  expect(again?.draw).toBe(first?.draw);
  expect(other?.draw).not.toBe(first?.draw);
  expect(seeded).toMatchObject({ temperature: 0.7 });
  expect(seeded?.draw).not.toBe(first?.draw);
});

test('leaving early releases the episode', async () => {
  const released: string[] = [];
  const model: Policy = { ...writing('<search>x</search>'), release: (ids) => void released.push(...ids) };
  for await (const event of agentOf(model).ask('Where?')) if (event.type === 'search') break;
  expect(released).toHaveLength(1);
});
