import { ConfigError } from '@dgpo/trajectory';
import type { ActionFormat, ActionTool } from './action-format.js';
import { completeTags } from './complete-tags.js';
import { findTool, listTools, readText, textArguments, writeText } from './read-arguments.js';

const dropThinkTags = (text: string) => text.replaceAll(/<\/?think>/g, ' ').trim();

/**
 * `<think>why</think><search>query</search>`, or `<action>…</action>` where there is one tool.
 * @throws ConfigError for a tool whose tag would be that of thoughts or observations
 */
export function tagFormat(tools: readonly ActionTool[], observationTag: string): ActionFormat {
  const isOnly = tools.length === 1;
  const tagOf = ({ name }: ActionTool) => (isOnly ? 'action' : name);
  const taken = tools.find((tool) => ['think', observationTag].includes(tagOf(tool)));
  if (taken !== undefined) {
    throw new ConfigError(
      `"${taken.name}" is a tag of its own in this format; rename the tool or take another format`,
      {
        where: 'tools',
      },
    );
  }
  const form = (tool: ActionTool) => `<${tagOf(tool)}>${textArguments(tool)}</${tagOf(tool)}>`;
  const forms = tools.map(form).join(' or ');
  const list = isOnly ? '' : `\nThe actions are:\n${listTools(tools, form)}`;
  const names = tools.map(tagOf);
  return {
    name: 'tags',
    stop: names.map((name) => `</${name}>`),
    instructions: `Think between <think> and </think>, then write one action: ${forms}. What comes of it then follows between <${observationTag}> and </${observationTag}>.${list}`,
    reminder: `This turn had no action. Write one as ${forms}.`,
    around: () => ({ prefix: `\n\n<${observationTag}>`, lead: '', suffix: `</${observationTag}>\n\n` }),
    parse(text) {
      for (const { name, content, start } of completeTags(text, names)) {
        const tool = tools.find((candidate) => tagOf(candidate) === name);
        const given = tool === undefined ? null : readText(tool, content);
        if (tool !== undefined && given !== null) {
          return { tool: tool.name, arguments: given, thought: dropThinkTags(text.slice(0, start)) };
        }
      }
      return null;
    },
    render({ tool: name, arguments: given, thought = '' }) {
      const tool = findTool(tools, name);
      const action = `<${tagOf(tool)}>${writeText(tool, given)}</${tagOf(tool)}>`;
      return thought === '' ? action : `<think>${thought}</think>${action}`;
    },
  };
}
