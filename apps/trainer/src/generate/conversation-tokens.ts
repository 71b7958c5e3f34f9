import { type ChatMessage, type ChatTemplate, escapeMessages, type Tokenizer } from '@dgpo/lm';

/**
 * A conversation as the prompt for the next answer. Special tokens come from the template alone: in messages their names are ordinary
 * text.
 *
 * @throws {ModelError} when the template refuses the messages
 */
export function conversationTokens(options: {
  messages: readonly ChatMessage[];
  template: ChatTemplate;
  tokenizer: Tokenizer;
}): number[] {
  const { template, tokenizer } = options;
  const { messages, escapeCharacter } = escapeMessages({
    messages: options.messages,
    tools: undefined,
    specialTokens: Object.keys(tokenizer.specialTokens),
    source: template.source,
  });
  const text = template.render({ messages, addGenerationPrompt: true });
  return tokenizer.encode(text, { allowSpecial: true, escapeCharacter });
}
