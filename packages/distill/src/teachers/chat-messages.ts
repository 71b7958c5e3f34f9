/** A stretch of an episode, as in `@dgpo/trajectory`. */
export interface ChatSegment {
  kind: 'prompt' | 'policy' | 'observation';
  text: string;
}

interface FunctionCall {
  name: string;
  /** JSON, or whatever the model wrote in its place. */
  arguments: string;
}

interface SentMessage {
  role: 'user' | 'assistant' | 'tool';
  content: string | null;
  tool_calls?: { id: string; type: 'function'; function: FunctionCall }[];
  tool_call_id?: string;
}

const callPattern = /^([\s\S]*?)\n?<tool_call>\n([\s\S]*)\n<\/tool_call>$/;

/** Thoughts and a call of a tool as one text, in the form that the action format `tool-calls` of `@dgpo/envs` reads. */
export function writeToolCall(content: string, { name, arguments: given }: FunctionCall): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(given);
  } catch {
    // The environment refuses a text where an object belongs, and says so to the model.
    parsed = given;
  }
  const before = content === '' ? '' : `${content}\n`;
  return `${before}<tool_call>\n${JSON.stringify({ name, arguments: parsed })}\n</tool_call>`;
}

/** What {@link writeToolCall} wrote. */
function readToolCall(text: string): { content: string; call: FunctionCall } | undefined {
  const [, content = '', json = ''] = callPattern.exec(text) ?? [];
  if (json === '') return undefined;
  try {
    const { name, arguments: given } = JSON.parse(json) as { name: unknown; arguments: unknown };
    // Servers refuse calls in the history whose arguments are no JSON: such a one is sent as plain text.
    if (typeof name !== 'string' || typeof given === 'string') return undefined;
    return { content, call: { name, arguments: JSON.stringify(given) } };
  } catch {
    return undefined;
  }
}

/** An episode so far as the messages of a chat. With tools, calls and what came of them stand where the API has them. */
export function chatMessages(segments: readonly ChatSegment[], usesTools: boolean): SentMessage[] {
  const messages: SentMessage[] = [];
  let open: string | undefined;
  for (const { kind, text } of segments) {
    const called = kind === 'policy' && usesTools ? readToolCall(text) : undefined;
    if (called !== undefined) {
      open = `call_${messages.length}`;
      const { content, call } = called;
      const tool_calls = [{ id: open, type: 'function' as const, function: call }];
      messages.push({ role: 'assistant', content: content === '' ? null : content, tool_calls });
    } else if (kind === 'policy') {
      messages.push({ role: 'assistant', content: text });
    } else if (kind === 'observation' && open !== undefined) {
      messages.push({ role: 'tool', tool_call_id: open, content: text.trim() });
      open = undefined;
    } else {
      messages.push({ role: 'user', content: text.trim() });
    }
  }
  return messages;
}
