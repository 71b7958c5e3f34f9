import type { ChatMessage, Segment, Task } from '@dgpo/trajectory';
import type { EpisodeTokenizer } from '../policy.js';

/**
 * The prompt segment of a task: its own rendered prompt as it is, else the content as a message of the user, both through the chat
 * template of the policy if it has one. Tags of the prompt become special tokens, tags inside the `plain` text stay text.
 */
export function encodePromptText(options: {
  task: Task;
  content: string;
  /** The part of the content that comes from outside. */
  plain: string;
  tokenizer: EpisodeTokenizer;
}): Segment {
  const { task, content, plain, tokenizer } = options;
  const messages: readonly ChatMessage[] = task.prompt ?? [{ role: 'user', content }];
  const text = tokenizer.renderChat?.(messages) ?? messages.map((message) => message.content).join('\n');
  const encode = (part: string, allowSpecial: boolean) => tokenizer.encode(part, { allowSpecial });
  // Only a text that holds a tag is encoded apart: a piece of text on its own is cut into other tokens than in its sentence.
  const isPlain = plain === '' || encode(plain, true).join() === encode(plain, false).join();
  const tokenIds = isPlain
    ? encode(text, true)
    : text.split(plain).flatMap((part, index) => [...(index === 0 ? [] : encode(plain, false)), ...encode(part, true)]);
  return { kind: 'prompt', text, tokenIds };
}
