import type { ActionFormat, ActionTool, ToolCall } from './action-format.js';
import { jsonObjects, writeJson } from './json-objects.js';
import { labelledObservation } from './line-action.js';
import { argumentsForm, findTool, isObject, listTools, readArguments, readObject } from './read-arguments.js';

const observationLabel = 'Observation:';
/** No JSON object holds it: inside strings a line break is escaped, and outside of them there are no such words. */
const endOfTurn = `\n${observationLabel}`;

/** The call that a JSON object stands for: `tool` or `name`, and `arguments`; in OpenAI's API both are in its `function`. */
export function readCall(text: string, tools: readonly ActionTool[]): (ToolCall & { thought: string }) | null {
  const outer = readObject(text);
  if (outer === null) return null;
  const inner = Object.hasOwn(outer, 'function') ? outer.function : undefined;
  const object = isObject(inner) ? { ...outer, ...inner } : outer;
  const own = (name: string) => (Object.hasOwn(object, name) ? object[name] : undefined);
  const name = own('tool') ?? own('name');
  const thought = own('thought');
  const tool = tools.find((candidate) => candidate.name === name);
  const given = tool === undefined ? null : readArguments(tool, own('arguments'));
  if (tool === undefined || given === null) return null;
  return { tool: tool.name, arguments: given, thought: typeof thought === 'string' ? thought.trim() : '' };
}

/** `{"tool": "search", "arguments": {"query": "…"}}` for the prompt. */
export const jsonForm =
  (key: 'tool' | 'name') =>
  (tool: ActionTool): string =>
    `{"${key}": "${tool.name}", "arguments": ${argumentsForm(tool)}}`;

/** One JSON object a turn, with a thought, the name of a tool and its arguments; the label of the observation ends it. */
export function jsonFormat(tools: readonly ActionTool[]): ActionFormat {
  const form = jsonForm('tool');
  const forms = tools.map(form).join(' or ');
  return {
    name: 'json',
    stop: [endOfTurn],
    instructions: `Each turn is one JSON object with "thought", which says why, the "tool" to use and its "arguments", in this order. What comes of it then follows after "${observationLabel}".\nThe tools are:\n${listTools(tools, form)}`,
    reminder: `This turn had no action. Write one JSON object such as ${forms}.`,
    around: labelledObservation(observationLabel),
    parse(text) {
      for (const object of jsonObjects(text)) {
        const call = readCall(object.text, tools);
        if (call !== null) return call;
      }
      return null;
    },
    render({ tool: name, arguments: given, thought = '' }) {
      const tool = findTool(tools, name);
      return writeJson({ ...(thought === '' ? {} : { thought }), tool: tool.name, arguments: given }) + endOfTurn;
    },
  };
}
