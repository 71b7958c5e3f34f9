import { DatasetError } from '../errors.js';
import { buildTrajectory } from './build-trajectory.js';
import { findRunningText, hasMarkedText, type TextMarks } from './find-running-text.js';
import { isFields, type LogAdapter } from './log-record.js';
import { questionInPrompt } from './record-fields.js';
import { readTaggedText, type TagSyntax } from './tagged-text.js';

/**
 * Tags of Search-R1 and DGPO. Sources: `search_r1/llm_agent/generation.py` of PeterGriffinJin/Search-R1 for the loop, its prompt and what
 * it says of invalid actions.
 */
export const searchR1Syntax: TagSyntax = {
  search: { open: '<search>', close: '</search>' },
  answer: { open: '<answer>', close: '</answer>' },
  documents: { open: '<information>', close: '</information>' },
  resume: ['<think>', '<search>', '<answer>'],
  notice: { open: 'My previous action is invalid', close: 'Let me try again.' },
};

const marks: TextMarks = {
  tags: ['<search>', '<answer>', '<information>', '<think>', '</think>'],
  turn: /<\/search>\s{0,8}<information>/,
};
const find = (record: unknown) => findRunningText(record, marks);

/** One running text a record: `<think>`, `<search>`, `<information>`, `<answer>`. */
export const searchR1: LogAdapter = {
  expected: 'an object with question, golden_answers and a response with <search>, <information> and <answer> tags',
  fits: (record) => hasMarkedText(record, marks),
  accepts: (record) => find(record) !== null,
  toTrajectory(record) {
    const found = find(record);
    if (!isFields(record) || found === null) throw new DatasetError(`expected ${searchR1.expected}`);
    const parts = readTaggedText(found.response, searchR1Syntax);
    const question = questionInPrompt(found.prompt);
    return buildTrajectory(record, {
      ...parts,
      segments: [{ kind: 'prompt', text: found.prompt }, ...parts.segments],
      question,
    });
  },
};
