import { ModelError } from '@dgpo/trajectory';
import type { ChatTemplate, RenderOptions } from './chat-template.js';
import { escapeMessages } from './escape-messages.js';
import type { Tokenizer } from './tokenizer.js';

export interface RenderConversationOptions extends RenderOptions {
  template: ChatTemplate;
  tokenizer: Tokenizer;
}

/** A conversation in tokens. */
export interface RenderedConversation {
  tokenIds: number[];
  /** 1 for what the assistant wrote, the token that ends its turn included; 0 for everything else. As long as `tokenIds`. */
  mask: (0 | 1)[];
}

/**
 * Renders a conversation and marks what the assistant wrote, for supervised fine-tuning; with `addGenerationPrompt` it is
 * the prompt for the next answer. Special tokens come from the template alone: in messages and tools their names are
 * ordinary text. Only a template that cuts a message into pieces and joins these anew could still put one together.
 *
 * The template is rendered once up to each answer (with the generation prompt) and once with it. What the second has
 * beyond the first is the answer, and is encoded apart, so the tokens before it are those that a sampler is given. What
 * a template writes after the token that ends the turn, such as a line break, is not the assistant's.
 *
 * @throws {ModelError} when the template refuses the messages, or does not keep the beginning: it renders earlier
 *   messages otherwise when others follow (such as templates that drop earlier reasoning). Train on such conversations
 *   turn by turn.
 */
export function renderConversation(options: RenderConversationOptions): RenderedConversation {
  const { template, tokenizer, addGenerationPrompt = false, variables } = options;
  const { messages, tools, escapeCharacter } = escapeMessages({
    messages: options.messages,
    tools: options.tools,
    specialTokens: Object.keys(tokenizer.specialTokens),
    source: template.source,
  });
  const render = (count: number, prompt: boolean): string =>
    template.render({
      messages: messages.slice(0, count),
      addGenerationPrompt: prompt,
      ...(tools === undefined ? {} : { tools }),
      ...(variables === undefined ? {} : { variables }),
    });

  const whole = render(messages.length, addGenerationPrompt);
  const tokenIds: number[] = [];
  const mask: (0 | 1)[] = [];
  let done = 0;
  const add = (end: number, written: boolean): void => {
    const text = whole.slice(done, end);
    const ids = tokenizer.encode(text, { allowSpecial: true, escapeCharacter, continuation: done > 0 });
    const last = ids.findLastIndex((id) => tokenizer.endOfTextIds.includes(id));
    const length = written ? (last < 0 ? ids.length : last + 1) : 0;
    for (const [index, id] of ids.entries()) {
      tokenIds.push(id);
      mask.push(index < length ? 1 : 0);
    }
    done = end;
  };
  for (const [index, { role }] of messages.entries()) {
    if (role !== 'assistant') continue;
    const before = render(index, true);
    const after = render(index + 1, false);
    const kept = after.startsWith(before) && whole.startsWith(after) && before.length >= done;
    if (!kept) {
      throw new ModelError(
        `the chat template renders what comes before message ${index} otherwise once that message, or a later one, follows; the assistant's part cannot be told apart`,
      );
    }
    add(before.length, false);
    add(after.length, true);
  }
  add(whole.length, false);
  return { tokenIds, mask };
}
