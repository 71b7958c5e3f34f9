import type { ChatMessage } from '@dgpo/trajectory';
import { mostCharacters } from './check-hint.js';
import { mostHints } from './extract-hints.js';
import type { HintFailure } from './failure.js';
import { hintPlaceholders } from './hint-task.js';

/** What a model answers with. */
export const hintSchema = {
  name: 'hints',
  schema: {
    type: 'object',
    properties: {
      hints: {
        type: 'array',
        items: {
          type: 'object',
          properties: { category: { type: 'string' }, text: { type: 'string' } },
          required: ['category', 'text'],
          additionalProperties: false,
        },
      },
    },
    required: ['hints'],
    additionalProperties: false,
  },
};

/** The turns of an episode, the oldest left out when they are too many characters. */
function trace({ steps }: HintFailure, maxCharacters: number): string {
  const turns = steps.map(
    ({ command, executed, observation }, turn) =>
      `${turn + 1}. ${command ?? '(no command)'}${executed ? '' : ' [refused]'}\n   ${observation.replace(/\s+/g, ' ')}`,
  );
  const shown: string[] = [];
  let length = 0;
  for (const turn of turns.toReversed()) {
    length += turn.length + 1;
    if (length > maxCharacters) return `(${turns.length - shown.length} earlier turns)\n${shown.join('\n')}`;
    shown.unshift(turn);
  }
  return shown.join('\n');
}

/** Asks for hints from one failed episode. */
export function hintMessages(failure: HintFailure, options: { maxTraceCharacters: number }): ChatMessage[] {
  const { category, domain, goal } = failure;
  const places = hintPlaceholders[domain].map((name) => `{${name}}`).join(', ');
  const world =
    domain === 'household' ? 'does chores in a house by text commands' : 'buys things in a web shop by text commands';
  const system = `You review failed attempts of a program that ${world}, and write advice for its next attempts at other tasks of the same kind.
Rules for a hint:
- one sentence in the imperative, at most ${mostCharacters} characters;
- it names a cause of this failure, in a form that helps with similar tasks;
- ${places} stand where a name, a value or a number would be; never write names, numbers or values themselves;
- no two hints say the same, and none speaks of the attempt or of hints.
Give between 1 and ${mostHints[domain]} hints as JSON and nothing else: {"hints": [{"category": "…", "text": "…"}]}`;
  const user = `Category: ${category ?? 'unknown'}\nGoal: ${goal}\nAttempt:\n${trace(failure, options.maxTraceCharacters)}`;
  return [
    { role: 'system', content: system },
    { role: 'user', content: user },
  ];
}
