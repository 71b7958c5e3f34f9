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

/** True if a text of the record holds one of the marks. */
export const hasMarkedText = (record: unknown, marks: readonly string[]): boolean =>
  isFields(record) && responseTexts(record).some((text) => holdsAny(text, marks));

/**
 * The first text of a record that holds one of the marks, else its first text at all, without the prompt that the record has beside it or
 * before it; null if it has none.
 */
export function findRunningText(record: unknown, marks: readonly string[]): RunningText | null {
  if (!isFields(record)) return null;
  const texts = responseTexts(record);
  const text = texts.find((one) => holdsAny(one, marks)) ?? texts[0];
  return text === undefined ? null : splitPrompt(text, promptOf(record), readQuestion(record));
}

const holdsAny = (text: string, marks: readonly string[]) => marks.some((mark) => text.includes(mark));

function responseTexts(record: Fields): string[] {
  return responseKeys.flatMap((key) => {
    const value = record[key];
    const text: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    return typeof text === 'string' ? [text] : [];
  });
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
