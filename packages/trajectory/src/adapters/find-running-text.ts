import { type Fields, firstText, isFields } from './log-record.js';
import { readQuestion } from './record-fields.js';

/** The text of an episode: what the policy was given, and what came of it. Together they are the text of the log. */
export interface RunningText {
  prompt: string;
  response: string;
}

const responseKeys = [
  'response',
  'output',
  'completion',
  'generation',
  'generated_text',
  'gen_text_store',
  'gen_text',
  'sequences_str',
  'sequence',
  'solution_str',
  'full_text',
  'text',
  'trajectory',
  'scratchpad',
  'log',
];

/** The first text of a record that holds one of the marks, without the prompt that the record has beside it or before it. */
export function findRunningText(record: Fields, marks: readonly string[]): RunningText | null {
  for (const key of responseKeys) {
    const value = record[key];
    const text = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (typeof text !== 'string' || !marks.some((mark) => text.includes(mark))) continue;
    return splitPrompt(text, promptOf(record), readQuestion(record));
  }
  return null;
}

function promptOf(record: Fields): string | null {
  const text = firstText(record, ['prompt', 'input', 'prompt_text']);
  if (text !== null || !Array.isArray(record.prompt)) return text;
  const contents = record.prompt.flatMap((message) =>
    isFields(message) ? (firstText(message, ['content']) ?? []) : [],
  );
  return contents.join('\n\n');
}

/** Where chat templates begin what the model says. */
const assistantMarks = [
  '<|im_start|>assistant\n',
  '<|start_header_id|>assistant<|end_header_id|>\n\n',
  '<|Assistant|>',
  '<｜Assistant｜>',
];

function splitPrompt(text: string, prompt: string | null, question: string | null): RunningText {
  const split = (at: number) => ({ prompt: text.slice(0, at), response: text.slice(at) });
  if (prompt !== null && prompt !== '') {
    return text.startsWith(prompt) ? split(prompt.length) : (splitAtMark(text) ?? { prompt, response: text });
  }
  // Without a chat template the prompt ends with the question on a line of its own.
  const line = question === null ? -1 : text.indexOf(`Question: ${question}`);
  const end = line === -1 ? -1 : text.indexOf('\n', line);
  return splitAtMark(text) ?? split(end === -1 ? 0 : end + 1);
}

function splitAtMark(text: string): RunningText | null {
  const ends = assistantMarks.flatMap((mark) => (text.includes(mark) ? [text.indexOf(mark) + mark.length] : []));
  const at = Math.min(...ends);
  return ends.length === 0 ? null : { prompt: text.slice(0, at), response: text.slice(at) };
}
