import { DatasetError } from '../errors.js';
import type { Action, Segment } from '../trajectory.js';
import type { EpisodeParts } from './build-trajectory.js';
import { detach, type Fields, firstText, isFields, plainText } from './log-record.js';
import { questionInPrompt } from './record-fields.js';
import { searchR1Syntax } from './search-r1.js';
import { splitDocuments } from './split-documents.js';
import { readTaggedText } from './tagged-text.js';
import { readToolCall, type ToolCall, toolAction } from './tool-actions.js';

export const isMessage = (value: unknown): value is Fields =>
  isFields(value) && typeof value.role === 'string' && ('content' in value || 'tool_calls' in value);

export const isMessages = (value: unknown): value is Fields[] =>
  Array.isArray(value) && value.length > 0 && isMessage(value[0]);

/** @throws DatasetError if any is no message. */
export function requireMessages(values: readonly unknown[], where: string): Fields[] {
  const messages = values.filter(isMessage);
  if (messages.length < values.length) throw new DatasetError(`${where}: expected role and content in each`);
  return messages;
}

/** The text of a message, of parts joined; other parts than text are left out. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.flatMap((part) => (isFields(part) ? (firstText(part, ['text']) ?? []) : [String(part)])).join('\n');
}

interface Message {
  role: string;
  /** What it says, its reasoning and its calls included, as it is shown. */
  text: string;
  /** What it says, without them. */
  content: string;
  calls: { id: string | null; text: string; call: ToolCall | null }[];
  /** Of a tool message: the call that it answers. */
  callId: string | null;
}

function readMessage(message: Fields): Message {
  const content = contentText(message.content);
  const listed = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const calls = [...listed, ...(isFields(message.function_call) ? [message.function_call] : [])].map(
    (value: unknown) => {
      const call = readToolCall(value);
      const text = `<tool_call>\n${call === null ? plainText(value) : JSON.stringify(call)}\n</tool_call>`;
      const parsed = typeof value === 'string' && value.startsWith('{') ? parseFields(value) : value;
      return { id: isFields(parsed) && typeof parsed.id === 'string' ? parsed.id : null, text, call };
    },
  );
  const thought = firstText(message, ['reasoning_content', 'reasoning']);
  const shown = [
    ...(thought === null ? [] : [`<think>\n${thought}\n</think>`]),
    content,
    ...calls.map(({ text }) => text),
  ];
  return {
    role: String(message.role),
    text: shown.filter((part) => part !== '').join('\n'),
    content,
    calls,
    callId: typeof message.tool_call_id === 'string' ? message.tool_call_id : null,
  };
}

function parseFields(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface ReadMessagesOptions {
  messages: readonly Fields[];
  /**
   * How many messages at the beginning are the prompt, assistant messages among them being examples.
   * @default those before the first assistant message
   */
  promptLength?: number;
  /** True if the record says that the last message was cut off. */
  isCut: boolean;
}

/**
 * A chat with tools as an episode. Each call of a tool is an action, executed if an answer to it follows; the last message without a call is
 * the answer, earlier ones without call or tag are invalid. `<search>` and `<answer>` tags count where there are no calls.
 */
export function readMessages({ messages, promptLength, isCut }: ReadMessagesOptions): EpisodeParts {
  const read = messages.map(readMessage);
  const firstReply = read.findIndex(({ role }) => role === 'assistant');
  const begin = promptLength ?? (firstReply === -1 ? read.length : firstReply);
  const prompt = read.slice(0, begin);
  const segments: Segment[] = prompt.map(({ text }) => ({ kind: 'prompt', text }));
  const actions: Action[] = [];
  for (const [turn, { message, replies, isLast }] of splitTurns(read.slice(begin)).entries()) {
    if (message !== null) {
      const parts = readTurn(message, { turn, replies, isLast, isCut });
      segments.push(...parts.segments);
      actions.push(...parts.actions);
    }
    segments.push(...replies.map(({ text }): Segment => ({ kind: 'observation', text })));
  }
  const asked = prompt.findLast(({ role }) => role === 'user')?.content ?? '';
  return { segments, actions, question: questionInPrompt(asked) ?? asked, ...(isCut ? { endedBy: 'length' } : {}) };
}

interface Turn {
  /** Null for what stands before the first message of the policy. */
  message: Message | null;
  /** The messages up to the next one of the policy. */
  replies: Message[];
  /** True if nothing follows it. */
  isLast: boolean;
}

function splitTurns(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (message.role === 'assistant') {
      if (last !== undefined) last.isLast = false;
      turns.push({ message, replies: [], isLast: true });
    } else if (last === undefined) turns.push({ message: null, replies: [message], isLast: false });
    else {
      last.replies.push(message);
      last.isLast = false;
    }
  }
  return turns;
}

interface TurnContext {
  turn: number;
  replies: readonly Message[];
  isLast: boolean;
  isCut: boolean;
}

function readTurn(message: Message, { turn, replies, isLast, isCut }: TurnContext): EpisodeParts {
  const segments: Segment[] = [{ kind: 'policy', text: message.text }];
  if (message.calls.length > 0) {
    const actions = message.calls.map(({ id, call, text }, index): Action => {
      const whole = index === 0 && message.calls.length === 1 ? message.text : text;
      if (call === null) return { turn, kind: 'invalid', text: whole, executed: false };
      const reply = replies.find(({ callId }) => callId !== null && callId === id) ?? replies[index];
      const documents = reply === undefined ? undefined : splitDocuments(reply.content);
      const given = documents === undefined ? {} : { documents };
      return toolAction({ call, turn, text: whole, executed: reply !== undefined, ...given });
    });
    return { segments, actions };
  }
  const [reply] = replies;
  if (/<(?:search|answer)>/.test(message.content)) return readTags(message, { turn, reply });
  if (!isLast || isCut || message.content.trim() === '') {
    return { segments, actions: [{ turn, kind: 'invalid', text: message.text, executed: false }] };
  }
  const answer = detach(finalAnswer(message.content));
  return { segments, actions: [{ turn, kind: 'answer', text: message.text, answer, executed: true }] };
}

/** Tags of Search-R1 in a message: the passages are in the same message or are the reply to it. */
function readTags(message: Message, { turn, reply }: { turn: number; reply: Message | undefined }): EpisodeParts {
  const { segments, actions } = readTaggedText(message.text, searchR1Syntax);
  const last = actions.at(-1);
  const numbered = actions.map((action) => ({ ...action, turn: turn + action.turn }));
  if (reply === undefined || last?.kind !== 'search' || last.executed) return { segments, actions: numbered };
  const found = reply.content.replace(/^\s*<information>|<\/information>\s*$/g, '');
  const executed: Action = { ...last, turn: turn + last.turn, executed: true, documents: splitDocuments(found) };
  return { segments, actions: [...numbered.slice(0, -1), executed] };
}

/** What the last message says after its reasoning, without the label of the answer. */
function finalAnswer(content: string): string {
  const end = content.lastIndexOf('</think>');
  const said = end === -1 ? content : content.slice(end + '</think>'.length);
  const label = /(?:^|\n)[ \t*]{0,8}(?:final )?answer:[ \t*]{0,8}/i.exec(said);
  return (label === null ? said : said.slice(label.index + label[0].length)).trim();
}
