import { type AskAllOptions, askAll } from '../endpoint/ask-all.js';
import type { ChatRequest } from '../endpoint/chat-model.js';
import type { QueryFrom, QueryRequest } from './query-rewriting.js';
import type { AnswerFrom, ReadingRequest } from './read-gold-passages.js';

export interface ChatComponentsOptions extends Omit<AskAllOptions, 'requests' | 'onProgress'> {
  /** Longest reply in tokens, thoughts of a model that always reasons included. @default 1024 */
  maxTokens?: number;
  /** Told of each question about which the model could not be asked, and why. */
  onProblem?: (problem: string) => void;
}

/**
 * What the ARC components ask of a model, answered by a chat model, greedily. Passages stand in `<information>`, answers in `<answer>`
 * and queries in `<search>`, as in Search-R1. A model that always reasons first does so without thoughts asked for, too: for it
 * source referencing and thinking measure the same.
 */
export function createChatComponents(options: ChatComponentsOptions): { answerFrom: AnswerFrom; queryFrom: QueryFrom } {
  const { maxTokens = 1024, onProblem, ...asking } = options;
  const ask = async (requests: readonly ChatRequest[], read: (reply: string) => string) => {
    const results = await askAll({ ...asking, requests });
    return results.map((result) => {
      if ('reply' in result) return read(result.reply.text);
      onProblem?.(result.problem);
      return null;
    });
  };
  return {
    answerFrom: (requests) =>
      ask(
        requests.map((request) => answerRequest(request, maxTokens)),
        (reply) => readTag(reply, 'answer') ?? lineOf(reply),
      ),
    queryFrom: (requests) =>
      ask(
        requests.map((request) => queryRequest(request, maxTokens)),
        (reply) => readTag(reply, 'search') ?? '',
      ),
  };
}

const informationOf = (passages: readonly string[]) =>
  `<information>\n${passages.map((passage, index) => `Doc ${index + 1}: ${passage}`).join('\n\n')}\n</information>`;

function answerRequest({ question, passages, think }: ReadingRequest, maxTokens: number): ChatRequest {
  const form = 'the answer alone, in a few words, between <answer> and </answer>';
  return {
    messages: [
      {
        role: 'user',
        content: [
          'Answer the question from these passages.',
          informationOf(passages),
          `Question: ${question}`,
          think
            ? `First reason step by step between <think> and </think>. Then write ${form}.`
            : `Do not explain anything. Write ${form}, and nothing else.`,
        ].join('\n\n'),
      },
    ],
    temperature: 0,
    maxTokens,
  };
}

function queryRequest({ question, searches }: QueryRequest, maxTokens: number): ChatRequest {
  const before = searches.map(
    ({ query, passages }) => `You searched for <search>${query}</search> and found\n${informationOf(passages)}`,
  );
  return {
    messages: [
      {
        role: 'user',
        content: [
          'You look for the passages that answer a question with a search engine, one query at a time.',
          `Question: ${question}`,
          ...before,
          searches.length === 0
            ? 'Write your first query between <search> and </search>.'
            : 'Write your next query between <search> and </search>. If the passages answer the question, write <done> instead.',
        ].join('\n\n'),
      },
    ],
    temperature: 0,
    maxTokens,
  };
}

/** What stands in the last pair of tags after the thoughts, or after a last opening tag that was not closed; undefined without one. */
function readTag(reply: string, tag: string): string | undefined {
  const text = withoutThoughts(reply);
  const start = text.lastIndexOf(`<${tag}>`);
  if (start < 0) return undefined;
  return (
    text
      .slice(start + tag.length + 2)
      .split(/<\/|\n\n/, 1)[0]
      ?.trim() ?? ''
  );
}

/** A reply of one short line that forgot its tags is taken as it is, anything else as no answer. */
function lineOf(reply: string): string {
  const text = withoutThoughts(reply).trim();
  return text.includes('\n') || text.length > 100 ? '' : text;
}

const withoutThoughts = (reply: string) => reply.replace(/^[\s\S]*<\/think>/, '').replace(/<think>[\s\S]*$/, '');
