import { DatasetError } from '../errors.js';
import { buildTrajectory } from './build-trajectory.js';
import { findRunningText, hasMarkedText, type TextMarks } from './find-running-text.js';
import { isFields, type LogAdapter } from './log-record.js';
import { readTaggedText, type TagSyntax } from './tagged-text.js';

const syntax: TagSyntax = {
  search: { open: '<|begin_of_query|>', close: '<|end_of_query|>' },
  answer: { open: '<answer>', close: '</answer>' },
  documents: { open: '<|begin_of_documents|>', close: '<|end_of_documents|>' },
  resume: ['<|begin_of_query|>', '</think>', '<answer>'],
};

const marks: TextMarks = {
  tags: ['<|begin_of_query|>', '<|begin_of_documents|>'],
  turn: /<\|end_of_query\|>\s{0,8}<\|begin_of_documents\|>/,
};

const find = (record: unknown) => findRunningText(record, marks);

/**
 * The evaluation logs of R1-Searcher: question, answer, gen_text_store, pred_ans, stop_reason_final and perhaps the verdict of GPT-4o. The
 * answer is the one in the text; `pred_ans` is what a script made of it. Source: RUCAIBox/R1-Searcher, `evaluation`.
 */
export const r1Searcher: LogAdapter = {
  expected: 'an object with question, answer and gen_text_store with <|begin_of_query|> and <|begin_of_documents|>',
  // Its own logs name the text so, also of an episode that never searches.
  fits: (record) => hasMarkedText(record, marks) || (isFields(record) && typeof record.gen_text_store === 'string'),
  accepts: (record) => find(record) !== null,
  toTrajectory(record) {
    const found = find(record);
    if (!isFields(record) || found === null) throw new DatasetError(`expected ${r1Searcher.expected}`);
    const parts = readTaggedText(found.response, syntax);
    return buildTrajectory(record, { ...parts, segments: [{ kind: 'prompt', text: found.prompt }, ...parts.segments] });
  },
};
