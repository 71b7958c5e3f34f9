import type { ActionTool, ToolCall } from './action-format.js';
import { findTool, readText, textArguments, textForm, writeText } from './read-arguments.js';

/**
 * Where the argument that begins at `start` ends: at the bracket that closes it, so that what follows (`because [1]`) is no part of it;
 * where the brackets of the line do not match, at the last.
 */
function endOfArgument(line: string, start: number): number {
  let depth = 1;
  let end = -1;
  for (let index = start; index < line.length; index++) {
    if (line[index] === '[') depth += 1;
    else if (line[index] === ']') depth -= 1;
    if (depth === 0 && end < 0) end = index;
  }
  return depth === 0 ? end : line.lastIndexOf(']');
}

/** What stands after `Action:`: the argument alone where there is one tool, else `tool[argument]`. Case of the tool does not matter. */
function parseLineAction(line: string, tools: readonly ActionTool[]): ToolCall | null {
  const [only] = tools;
  const match = /^([\w.-]+)[ \t]*\[/.exec(line);
  const isOnly = tools.length === 1 && only !== undefined;
  const tool = isOnly ? only : tools.find(({ name }) => name.toLowerCase() === match?.[1]?.toLowerCase());
  if (tool === undefined) return null;
  const start = match?.[0].length ?? 0;
  const readTo = (end: number) => (end < start ? null : readText(tool, line.slice(start, end)));
  const readCall = () =>
    // Strings of a JSON object may hold any brackets.
    readTo(endOfArgument(line, start)) ?? (tool.argument === undefined ? readTo(line.lastIndexOf(']')) : null);
  const given = isOnly ? readText(tool, line) : readCall();
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
