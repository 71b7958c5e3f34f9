import { expect, test } from 'vitest';
import { verifiers } from './verifiers.js';

const system = { role: 'system', content: 'For example <answer> Beijing </answer>.' };
const asked = { role: 'user', content: 'What money?' };
const call = {
  role: 'assistant',
  content: '',
  tool_calls: ['{"id":"c","type":"function","function":{"name":"search_wiki","arguments":"{\\"query\\":\\"Peru\\"}"}}'],
};
const found = { role: 'tool', tool_call_id: 'c', content: 'The sol.' };
const answered = { role: 'assistant', content: '<think>so</think><answer>sol</answer>' };
const expectEpisode = (record: unknown) => {
  const { task, actions, outcome, segments } = verifiers.toTrajectory(record);
  expect(task).toMatchObject({ question: 'What money?', goldenAnswers: ['sol'] });
  expect(segments.map(({ kind }) => kind)).toEqual(['prompt', 'prompt', 'policy', 'observation', 'policy']);
  expect(actions).toMatchObject([
    { turn: 0, kind: 'search', query: 'Peru', executed: true, documents: [{ document: { contents: 'The sol.' } }] },
    { turn: 1, kind: 'answer', answer: 'sol' },
  ]);
  return outcome;
};

test('a saved rollout, its calls as JSON text', () => {
  const record = {
    example_id: 4,
    prompt: [system, asked],
    completion: [call, found, answered],
    answer: 'sol',
    reward: 0.5,
    info: '{"hops": 2}',
  };
  expect(expectEpisode(record)).toEqual({ correct: true, reward: 0.5, answer: 'sol', endedBy: 'answer' });
  expect(verifiers.toTrajectory(record)).toMatchObject({ id: '4#0', task: { metadata: { hops: 2 } } });
});

test('examples in the prompt are not what the policy wrote', () => {
  const prompt = [
    system,
    { role: 'user', content: 'x' },
    { role: 'assistant', content: '<answer>Beijing</answer>' },
    asked,
  ];
  const { actions, segments } = verifiers.toTrajectory({
    prompt,
    completion: [{ role: 'assistant', content: 'sol' }],
    answer: 'sol',
    reward: 1,
  });
  expect(actions).toMatchObject([{ kind: 'answer', answer: 'sol' }]);
  expect(segments.filter(({ kind }) => kind === 'prompt')).toHaveLength(4);
});

test('a completion of running text', () => {
  const record = {
    prompt: 'Question: What money?\n',
    completion: '<search>Peru</search>\n<information>The sol.</information>\n<answer>sol</answer>',
    answer: 'sol',
    reward: 1,
  };
  const { task, actions } = verifiers.toTrajectory(record);
  expect(task.question).toBe('What money?');
  expect(actions.map(({ kind }) => kind)).toEqual(['search', 'answer']);
});

test('a trace: the branch that ends last, its question in the task, its rewards with weights', () => {
  const flat = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', name: 'search_wiki', arguments: '{"query":"Peru"}' }],
  };
  const record = {
    version: 1,
    id: 'f00',
    task: { type: 'QA', data: { idx: 3, prompt: 'What money?', question: 'What money?', answer: 'sol' } },
    nodes: [
      { parent: null, message: system },
      { parent: 0, message: asked },
      { parent: 1, message: { role: 'assistant', content: 'a branch that was left' }, sampled: true },
      { parent: 1, message: flat, sampled: true },
      { parent: 3, message: found },
      { parent: 4, message: answered, sampled: true },
    ],
    rewards: { exact: { score: 1, weight: 0.5 }, format: { score: 0.5, weight: 1 }, skipped: null },
  };
  // 1 · 0.5 + 0.5 · 1
  expect(expectEpisode(record)).toEqual({ correct: true, reward: 1, answer: 'sol', endedBy: 'answer' });
  expect(verifiers.toTrajectory(record).id).toBe('3#0');
});

test('a trace whose nodes point at themselves ends', () => {
  const record = {
    task: { data: { question: 'q' } },
    nodes: [{ parent: 0, message: answered, sampled: true }],
    errors: [{ type: 'ProviderError', message: 'gone' }],
  };
  expect(verifiers.toTrajectory(record).outcome).toMatchObject({ endedBy: 'error', error: 'gone' });
});

test('a rollout that failed or was cut', () => {
  const base = { prompt: [asked], completion: [{ role: 'assistant', content: 'The answ' }], answer: 'sol', reward: 0 };
  expect(verifiers.toTrajectory({ ...base, is_truncated: true }).outcome).toMatchObject({
    answer: null,
    endedBy: 'length',
  });
  expect(
    verifiers.toTrajectory({ ...base, error: { error: 'ModelError', error_chain_str: 'timeout' } }).outcome,
  ).toMatchObject({ endedBy: 'error', error: 'timeout' });
});
