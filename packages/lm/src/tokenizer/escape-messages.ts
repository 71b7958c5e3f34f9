import { ModelError } from '@dgpo/trajectory';
import type { ChatMessage } from './chat-template.js';

/** A function that breaks up every special token in a text, and what of one stands at its ends, with `escapeCharacter`. */
function createEscape(names: readonly string[], escapeCharacter: string): (text: string) => string {
  const first = (name: string) => Array.from(name)[0]?.length ?? 0;
  return (text) => {
    /** Places before which the character goes. */
    const cuts = new Set<number>();
    const from = text.length - text.trimStart().length;
    const to = text.trimEnd().length;
    for (const name of names) {
      for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) cuts.add(at + first(name));
      // A template may trim a text and put another beside it: no part of a name may wait at its ends to be completed.
      for (let length = 1; length < name.length; length++) {
        for (const [start, end] of [
          [0, text.length],
          [from, to],
        ] as const) {
          if (end - start >= length && text.startsWith(name.slice(-length), start)) cuts.add(start + length - 1);
          if (end - start >= length && text.slice(start, end).endsWith(name.slice(0, length))) {
            cuts.add(end - length + first(name));
          }
        }
      }
    }
    const places = [0, ...[...cuts].sort((a, b) => a - b), text.length];
    return places
      .slice(1)
      .map((place, index) => text.slice(places[index], place))
      .join(escapeCharacter);
  };
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]));
}

/**
 * Messages and tools in which no name of a special token is whole any more: an escape character of Unicode's private use
 * is put inside. Templates write it on with the text, and `Tokenizer.encode` leaves it out after looking for special
 * tokens. Spaces at the ends, and all text without special tokens, stay as they are, so filters such as `trim` work.
 * The roles are not text: they are checked.
 *
 * @throws {ModelError} for a role that is no simple word, or when every escape character is taken
 */
export function escapeMessages(options: {
  messages: readonly ChatMessage[];
  tools?: readonly unknown[] | undefined;
  specialTokens: readonly string[];
  /** More text that must not contain the escape character, such as the template. */
  source: string;
}): { messages: ChatMessage[]; tools: unknown[] | undefined; escapeCharacter: string } {
  const { messages, tools, specialTokens, source } = options;
  for (const { role } of messages) {
    if (typeof role !== 'string' || !/^[a-z_]+$/i.test(role)) {
      throw new ModelError(`the role ${JSON.stringify(role)} is no word such as "user" or "assistant"`);
    }
  }
  const taken = JSON.stringify([messages, tools ?? null, specialTokens, source]);
  let code = 0xe000;
  while (code <= 0xf8ff && taken.includes(String.fromCharCode(code))) code++;
  if (code > 0xf8ff) throw new ModelError('the conversation uses all characters of private use');
  const escapeCharacter = String.fromCharCode(code);
  const escapeText = createEscape(specialTokens, escapeCharacter);
  return {
    messages: messages.map(({ role, ...fields }) => ({
      role,
      ...(mapTexts(fields, escapeText) as Record<string, unknown>),
    })),
    tools: tools?.map((tool) => mapTexts(tool, escapeText)),
    escapeCharacter,
  };
}
