import type { ActionTool, ToolCall } from './action-format.js';
import { findTool, readText, textArguments, textForm, writeText } from './read-arguments.js';

/** What stands after `Action:`: the argument alone where there is one tool, else `tool[argument]`. Case of the tool does not matter. */
function parseLineAction(line: string, tools: readonly ActionTool[]): ToolCall | null {
  const [only] = tools;
  const match = /^([\w.-]+)[ \t]*\[/.exec(line);
  const isOnly = tools.length === 1 && only !== undefined;
  const tool = isOnly ? only : tools.find(({ name }) => name.toLowerCase() === match?.[1]?.toLowerCase());
  const end = line.lastIndexOf(']');
  if (tool === undefined) return null;
  if (!isOnly && end < (match?.[0].length ?? 0)) return null;
  const given = readText(tool, isOnly ? line : line.slice(match?.[0].length ?? 0, end));
  return given === null ? null : { tool: tool.name, arguments: given };
}

/** The inverse of {@link parseLineAction}. */
export function renderLineAction(call: ToolCall, tools: readonly ActionTool[]): string {
  const tool = findTool(tools, call.tool);
  const text = writeText(tool, call.arguments);
  return tools.length === 1 ? text : `${tool.name}[${text}]`;
}

/** What an action line may say, for the prompt. */
export function lineActionForm(tools: readonly ActionTool[]): string {
  return tools.map(tools.length === 1 ? textArguments : textForm).join(' or ');
}

/** The lines `label: text` of a turn up to its first action line that can be read, by lower-case label. */
export function parseLabelledLines(
  text: string,
  tools: readonly ActionTool[],
): { call: ToolCall; lines: ReadonlyMap<string, string> } | null {
  const lines = new Map<string, string>();
  let last: string | null = null;
  for (const line of text.split('\n')) {
    // Models number their steps (`Action 2:`) and quote the prompt of the original (`> action:`).
    const match = /^[ \t>]*([a-z]+(?: [a-z]+)?)(?: ?\d+)?[ \t]*:(.*)$/i.exec(line);
    const [, label = '', rest = ''] = match ?? [];
    if (label.toLowerCase() === 'action') {
      const call = parseLineAction(rest.trim(), tools);
      if (call !== null) return { call, lines };
    } else if (label !== '') {
      last = label.toLowerCase();
      lines.set(last, rest.trim());
    } else if (last !== null) {
      lines.set(last, `${lines.get(last)}\n${line}`.trim());
    }
  }
  return null;
}

/** An observation under its label, which a turn that stopped there has written already. */
export function labelledObservation(label: string) {
  return (written: string) => {
    const prefix = written.endsWith(label) ? '' : `${written === '' || written.endsWith('\n') ? '' : '\n'}${label}`;
    return { prefix, lead: ' ', suffix: '\n' };
  };
}
