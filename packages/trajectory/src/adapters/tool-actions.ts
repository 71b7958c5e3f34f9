import type { Action, RetrievedDocument } from '../trajectory.js';
import { asFields, detach, type Fields, isFields, plainText } from './log-record.js';

const words = (name: string) =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
const searching = new Set([
  'search',
  'retrieve',
  'retriever',
  'retrieval',
  'wiki',
  'wikipedia',
  'google',
  'bing',
  'duckduckgo',
  'tavily',
  'serper',
  'serpapi',
  'bm25',
]);
const answering = new Set(['answer', 'finish', 'submit']);

/** What a tool does, by the words of its name: `web_search`, `WikipediaRetriever`, `final_answer`, `Finish`. */
export function kindOfTool(name: string): 'search' | 'answer' | 'command' {
  const parts = words(name);
  if (parts.some((word) => answering.has(word))) return 'answer';
  return parts.some((word) => searching.has(word)) ? 'search' : 'command';
}

export interface ToolCall {
  name: string;
  /** Parsed where they are JSON, else the text. */
  arguments: unknown;
}

/** A call as chat completions have it (`function.name`), flat (`name`), or either of them as JSON text; null for anything else. */
export function readToolCall(value: unknown): ToolCall | null {
  const call = asFields(value);
  if (call === null) return null;
  const body: Fields = asFields(call.function) ?? call;
  if (typeof body.name !== 'string' || body.name === '') return null;
  return { name: body.name, arguments: asFields(body.arguments) ?? body.arguments ?? '' };
}

const queryKeys = ['query', 'queries', 'q', 'search_query', 'input', 'question', 'keywords', 'text'];
const answerKeys = ['answer', 'final_answer', 'output', 'result', 'text', 'value'];

/** The argument under the usual keys, or the only one there is. */
function argumentOf(given: unknown, keys: readonly string[]): string {
  if (Array.isArray(given)) return given.map(plainText).join('; ');
  if (!isFields(given)) return given === null || given === undefined ? '' : plainText(given);
  const key = keys.find((name) => given[name] !== undefined);
  const values = Object.values(given);
  if (key !== undefined) return argumentOf(given[key], keys);
  if (values.length === 0) return '';
  return values.length === 1 ? argumentOf(values[0], keys) : plainText(given);
}

export interface ToolActionOptions {
  call: ToolCall;
  turn: number;
  /** What the policy wrote to call it. */
  text: string;
  /** False where the log shows no answer to the call. */
  executed: boolean;
  /** Of an executed search. */
  documents?: RetrievedDocument[];
}

/** The call of a tool as an action. */
export function toolAction({ call, turn, text, executed, documents }: ToolActionOptions): Action {
  const kind = kindOfTool(call.name);
  if (kind === 'answer') {
    const answer = detach(argumentOf(call.arguments, answerKeys).trim());
    return { turn, kind, text, answer, executed: true };
  }
  if (kind === 'search') {
    const query = detach(argumentOf(call.arguments, queryKeys).trim());
    if (query === '') return { turn, kind: 'invalid', text, executed: false };
    return { turn, kind, text, query, executed, ...(executed && documents !== undefined ? { documents } : {}) };
  }
  return { turn, kind, text, command: `${call.name}(${plainText(call.arguments)})`, executed };
}
