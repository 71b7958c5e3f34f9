import { DatasetError } from '../errors.js';
import { buildTrajectory } from './build-trajectory.js';
import { isMessage, isMessages, readMessages, requireMessages } from './chat-messages.js';
import { asFields, type Fields, isFields, type LogAdapter } from './log-record.js';
import { wasCut } from './record-fields.js';

/** The messages of a record, with the reply that a logged completion holds beside them. */
function messagesOf(record: unknown): Fields[] | null {
  if (isMessages(record)) return record;
  if (!isFields(record)) return null;
  const request = asFields(record.request) ?? asFields(record.body) ?? record;
  const messages = [record.messages, record.conversation, record.conversations, request.messages].find(isMessages);
  if (messages === undefined) return null;
  const response = asFields(record.response) ?? record;
  const choice: unknown = Array.isArray(response.choices) ? response.choices[0] : null;
  return isFields(choice) && isMessage(choice.message) ? [...messages, choice.message] : messages;
}

/**
 * Chat messages of OpenAI's API with `tool_calls` and `tool` messages: a list of them, or an object that holds one under `messages`. Source:
 * OpenAI's API reference, chat completions.
 */
export const openai: LogAdapter = {
  expected: 'a list of chat messages, or an object with messages, of role, content and tool_calls',
  fits: (record) => messagesOf(record) !== null,
  toTrajectory(record) {
    const messages = messagesOf(record);
    if (messages === null) throw new DatasetError(`expected ${openai.expected}`);
    const fields = isFields(record) ? record : {};
    const valid = requireMessages(messages, 'messages');
    return buildTrajectory(fields, readMessages({ messages: valid, isCut: isCut(fields) }));
  },
};

function isCut(record: Fields): boolean {
  const response = asFields(record.response) ?? record;
  const choice: unknown = Array.isArray(response.choices) ? response.choices[0] : null;
  return wasCut(record) || (isFields(choice) && wasCut(choice));
}
