import type { ActionFormat, ActionTool } from './action-format.js';
import { completeTags } from './complete-tags.js';
import { jsonForm, readCall } from './json-format.js';
import { writeJson } from './json-objects.js';
import { findTool, listTools } from './read-arguments.js';

/**
 * OpenAI's tool calls as text: `<tool_call>{"name": "search", "arguments": {"query": "…"}}</tool_call>`, what chat templates of Hermes
 * and Qwen models make of them. Of several calls in a turn the first counts.
 */
export function toolCallFormat(tools: readonly ActionTool[]): ActionFormat {
  const form = jsonForm('name');
  const wrap = (text: string) => `<tool_call>\n${text}\n</tool_call>`;
  return {
    name: 'tool-calls',
    stop: ['</tool_call>'],
    instructions: `Think first, then call one tool: write a JSON object with its "name" and its "arguments" between <tool_call> and </tool_call>. What comes of it then follows between <tool_response> and </tool_response>.\nThe tools are:\n${listTools(tools, form)}`,
    reminder: `This turn had no tool call. Write one such as ${tools.map((tool) => `<tool_call>${form(tool)}</tool_call>`).join(' or ')}.`,
    around: () => ({ prefix: '\n<tool_response>\n', lead: '', suffix: '\n</tool_response>\n' }),
    parse(text) {
      for (const { content, start } of completeTags(text, ['tool_call'])) {
        const call = readCall(content, tools);
        const thought = text
          .slice(0, start)
          .replaceAll(/<\/?think>/g, ' ')
          .trim();
        if (call !== null) return { ...call, thought };
      }
      return null;
    },
    render({ tool: name, arguments: given, thought = '' }) {
      const tool = findTool(tools, name);
      const call = wrap(writeJson({ name: tool.name, arguments: given }));
      return thought === '' ? call : `<think>\n${thought}\n</think>\n${call}`;
    },
  };
}
