import type { ActionTool } from './action-format.js';

type Arguments = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Arguments =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON object that a text is, null when it is none. */
export function readObject(text: string): Arguments | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The arguments of a call, with the argument that is a text as trimmed text; null when it is missing or empty. */
export function readArguments(tool: ActionTool, given: unknown): Arguments | null {
  // OpenAI's API passes arguments as a text that holds the object.
  const values = typeof given === 'string' ? readObject(given) : (given ?? {});
  if (!isObject(values)) return null;
  const { argument, mayBeEmpty = false } = tool;
  if (argument === undefined) return values;
  const value = Object.hasOwn(values, argument) ? values[argument] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null;
  const text = String(value).trim();
  return text === '' && !mayBeEmpty ? null : { ...values, [argument]: text };
}

/** The arguments of a call whose text stands alone. */
export function readText(tool: ActionTool, text: string): Arguments | null {
  if (tool.argument === undefined) return readObject(text.trim() || '{}');
  return readArguments(tool, { [tool.argument]: text });
}

/** The text that stands for the arguments, in one line. */
export function writeText(tool: ActionTool, given: Arguments): string {
  const { argument } = tool;
  return argument === undefined ? JSON.stringify(given) : oneLine(String(given[argument] ?? ''));
}

/** Line breaks and the blanks around them as one blank. */
export function oneLine(text: string): string {
  return text
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/** The arguments of a tool as a JSON object with gaps. */
export function argumentsForm({ argument, parameters = [] }: ActionTool): string {
  return argument === undefined ? `{${parameters.map((name) => `"${name}": …`).join(', ')}}` : `{"${argument}": "…"}`;
}

/** What stands for the arguments in lines and tags. */
export const textArguments = (tool: ActionTool): string => tool.argument ?? argumentsForm(tool);

/** How the call of a tool looks as text: `search[query]`. */
export const textForm = (tool: ActionTool): string => `${tool.name}[${textArguments(tool)}]`;

/** A line for each tool, headed by how it is called. */
export function listTools(tools: readonly ActionTool[], form: (tool: ActionTool) => string): string {
  return tools.map((tool) => `- ${form(tool)}: ${oneLine(tool.description)}`).join('\n');
}

/** @throws TypeError for a tool that the format does not know: a renderer is called by programs, not by policies */
export function findTool(tools: readonly ActionTool[], name: string): ActionTool {
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new TypeError(`there is no tool "${name}" in this format`);
  return tool;
}
