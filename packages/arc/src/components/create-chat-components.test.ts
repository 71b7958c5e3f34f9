import { ModelError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import type { ChatRequest } from '../endpoint/chat-model.js';
import { createChatComponents } from './create-chat-components.js';

function scripted(replies: (string | null)[]) {
  const requests: ChatRequest[] = [];
  const problems: string[] = [];
  const components = createChatComponents({
    chat: {
      model: 'scripted',
      complete: async (request) => {
        requests.push(request);
        const text = replies[requests.length - 1] ?? null;
        if (text === null) throw new ModelError('out of words');
        return { text, finishReason: 'stop' };
      },
    },
    concurrency: 1,
    onProblem: (problem) => problems.push(problem),
  });
  return { ...components, requests, problems };
}

const reading = (think: boolean) => ({ question: 'money?', passages: ['Peru\nThe sol.', 'Chile\nThe peso.'], think });

test('answers stand in tags, after the thoughts, or on a line of their own', async () => {
  const replies = [
    '<answer> sol </answer>',
    '<think>maybe <answer>peso</answer></think>\n<answer>sol</answer>',
    '<answer>peso</answer> no, <answer>sol',
    'the sol',
    'I think it is\nthe sol',
    '<think>the sol or',
    null,
  ];
  const { answerFrom, requests, problems } = scripted(replies);
  expect(await answerFrom(replies.map((_, index) => reading(index === 1)))).toEqual([
    'sol',
    'sol',
    'sol',
    'the sol',
    '',
    '',
    null,
  ]);
  expect(problems).toEqual(['out of words']);
  const [direct, thoughtful] = requests.map(({ messages }) => messages[0]?.content ?? '');
  for (const content of [direct, thoughtful]) {
    expect(content).toContain('<information>\nDoc 1: Peru\nThe sol.\n\nDoc 2: Chile\nThe peso.\n</information>');
    expect(content).toContain('Question: money?');
  }
  expect(direct).not.toContain('<think>');
  expect(thoughtful).toContain('<think>');
  expect(requests.map(({ maxTokens }) => maxTokens).slice(0, 2)).toEqual([1024, 1024]);
});

test('queries stand in tags; none is none', async () => {
  const { queryFrom, requests } = scripted(['<think>x</think><search>money of Peru</search>', '<done>', 'money']);
  const searches = [{ query: 'Peru', passages: ['Peru\nA country.'] }];
  expect(
    await queryFrom([
      { question: 'money?', searches: [] },
      { question: 'money?', searches },
      { question: 'money?', searches },
    ]),
  ).toEqual(['money of Peru', '', '']);
  const [first, next] = requests.map(({ messages }) => messages[0]?.content ?? '');
  expect(first).not.toContain('<information>');
  expect(next).toContain('<search>Peru</search> and found\n<information>\nDoc 1: Peru\nA country.\n</information>');
});
