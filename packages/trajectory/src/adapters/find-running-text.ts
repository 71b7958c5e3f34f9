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

/** What tells a format. */
export interface TextMarks {
  /** What its prompts and its policies write around steps; one of them tells the format. */
  tags: readonly string[];
  /** What only a turn that the environment answered leaves behind; prompts may hold it where it is undefined. */
  turn?: RegExp;
}

/** True if a text of the record holds one of the marks. */
export const hasMarkedText = (record: unknown, { tags }: TextMarks): boolean =>
  isFields(record) && responseTexts(record).some((text) => holdsAny(text, tags));

/**
 * The first text of a record that holds one of the marks, else its first text at all, without the prompt that the record has beside it or
 * before it; null if it has none.
 */
export function findRunningText(record: unknown, marks: TextMarks): RunningText | null {
  if (!isFields(record)) return null;
  const texts = responseTexts(record);
  const text = texts.find((one) => holdsAny(one, marks.tags)) ?? texts[0];
  return text === undefined
    ? null
    : splitPrompt(text, { prompt: promptOf(record), question: readQuestion(record), marks });
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
  '<start_of_turn>model\n',
  '[/INST]',
  '<|Assistant|>',
  '<｜Assistant｜>',
];
/** What templates put between the last message and what the model says. */
const endMarks = ['<|im_end|>', '<|eot_id|>', '<end_of_turn>', '</s>'];
/** How much of what a prompt is made of has to be found again to be no chance: a bare question may be repeated by the policy. */
const tellingLength = 40;

interface SplitOptions {
  /** What the record has beside the text, perhaps blank. */
  prompt: string | null;
  question: string | null;
  marks: TextMarks;
}

function splitPrompt(text: string, { prompt, question, marks }: SplitOptions): RunningText {
  const split = (at: number) => ({ prompt: text.slice(0, at), response: text.slice(at) });
  const afterMark = findAssistant(text);
  if (prompt === null || prompt.trim() === '') return split(afterMark ?? questionEnd(text, question) ?? 0);
  if (text.startsWith(prompt)) return split(skipTemplate(text, prompt.length));
  // A text that begins with a tag is what the policy wrote, whatever it repeats later on.
  const begin = text.trimStart();
  if (marks.tags.some((tag) => begin.startsWith(tag))) return { prompt, response: text };
  const said = spokenLines(prompt).at(-1) ?? prompt.trim();
  const isPrompt = (before: string) => marks.turn === undefined || !marks.turn.test(before);
  for (const part of [prompt.trim(), said]) {
    const at = text.indexOf(part);
    const before = text.slice(0, Math.max(at, 0));
    const isTelling = part.length >= tellingLength || /^[<[]/.test(begin) || holdsAny(before, marks.tags);
    if (at !== -1 && isTelling && isPrompt(before)) return split(skipTemplate(text, at + part.length));
  }
  if (afterMark !== null) {
    const before = text.slice(0, afterMark);
    if (before.includes(said) || !holdsAny(before, marks.tags)) return split(afterMark);
  }
  const line = questionEnd(text, question);
  return line !== null && isPrompt(text.slice(0, line)) ? split(line) : { prompt, response: text };
}

/** Without a chat template the prompt ends with the question on a line of its own. */
function questionEnd(text: string, question: string | null): number | null {
  const line = question === null ? -1 : text.indexOf(`Question: ${question}`);
  const end = line === -1 ? -1 : text.indexOf('\n', line);
  return end === -1 ? null : end + 1;
}

/** The lines of a prompt without those of a chat template. */
function spokenLines(prompt: string): string[] {
  const words = prompt.replace(
    /<\|?(?:im_start|start_header_id)\|>\w{1,20}(?:<\|end_header_id\|>)?|<start_of_turn>\w{1,20}/g,
    '\n',
  );
  const marks = [...assistantMarks, ...endMarks];
  return marks
    .reduce((rest, mark) => rest.replaceAll(mark.trim(), '\n'), words)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The position after what a template puts between a prompt that ends at `from` and what the model says. */
function skipTemplate(text: string, from: number): number {
  let at = from;
  for (;;) {
    let next = at;
    while (next < text.length && text.charCodeAt(next) <= 32) next += 1;
    const mark = [...assistantMarks, ...endMarks].find((one) => text.startsWith(one, next));
    if (mark === undefined) return at;
    at = next + mark.length;
    if (assistantMarks.includes(mark)) return at;
  }
}

function findAssistant(text: string): number | null {
  const ends = assistantMarks.flatMap((mark) => (text.includes(mark) ? [text.indexOf(mark) + mark.length] : []));
  return ends.length === 0 ? null : Math.min(...ends);
}
