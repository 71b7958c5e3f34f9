import { isMessage } from '../adapters/chat-messages.js';
import { isMemoryStep } from '../adapters/smolagents.js';
import { readLines } from '../read-lines.js';
import { parseJson } from './parse-json.js';
import { type JsonText, type ReadJsonValuesOptions, readJsonValues } from './read-json-values.js';

/** A record of a log file, parsed or with what is wrong with it. */
export interface LogRecord {
  /** From 1. */
  number: number;
  /** On which it begins, from 1. */
  line: number;
  /** Its text, or the start of it. */
  text: string;
  value: unknown;
  problem: string | null;
}

/** The records of a file: its lines, the elements of the one list that it is, or indented values one after the other. */
export async function* readRecords(path: string, maxLength: number): AsyncGenerator<LogRecord> {
  let number = 0;
  for await (const { text, line, isTooLong, isComplete } of readTexts(path, maxLength)) {
    if (text.trim() === '') continue;
    number += 1;
    const record = { number, line, text, value: null };
    if (isTooLong) yield { ...record, problem: `longer than ${maxLength} characters` };
    else if (!isComplete) yield { ...record, problem: 'the file ends in the middle of this record' };
    else yield { ...record, ...parse(text) };
  }
}

function parse(text: string): { value: unknown; problem: string | null } {
  try {
    return { value: parseJson(text), problem: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 160) : String(error);
    return { value: null, problem: `not one whole JSON value: ${reason}` };
  }
}

async function* readTexts(path: string, maxLength: number): AsyncGenerator<JsonText> {
  const level = await detectLevel(path, maxLength);
  if (level !== 'lines') {
    yield* readJsonValues(path, { level, maxLength });
    return;
  }
  for await (const { text, number, isTooLong } of readLines(path, { maxLength })) {
    yield { text, line: number, isTooLong, isComplete: true };
  }
}

/** How a file is to be cut: by its first line, and where that opens a list, by the first element of the list. */
async function detectLevel(path: string, maxLength: number): Promise<ReadJsonValuesOptions['level'] | 'lines'> {
  let start = '';
  for await (const { text } of readLines(path, { maxLength: 1024 })) {
    start = text.trim();
    if (start !== '') break;
  }
  if (start === '{') return 'values';
  if (!start.startsWith('[')) return 'lines';
  const element = await first(readJsonValues(path, { level: 'elements', maxLength }));
  const value = element === null ? null : parse(element.text).value;
  if (!isMessage(value) && !isMemoryStep(value)) return 'elements';
  // The list is one episode: a line of its own, or indented.
  const list = await first(readJsonValues(path, { level: 'values', maxLength }));
  return list?.text.includes('\n') ? 'values' : 'lines';
}

async function first<T>(values: AsyncIterable<T>): Promise<T | null> {
  for await (const value of values) return value;
  return null;
}
