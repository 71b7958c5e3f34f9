import type { ActionFormat, ActionTool } from './action-format.js';
import { labelledObservation, lineActionForm, parseLabelledLines, renderLineAction } from './line-action.js';
import { listTools, oneLine, textForm } from './read-arguments.js';

const observationLabel = 'Observation:';

/** `Thought: why`, then `Action: search[query]`. Source: ReAct (arXiv 2210.03629). */
export function reactFormat(tools: readonly ActionTool[]): ActionFormat {
  const list = tools.length === 1 ? '' : `\nThe actions are:\n${listTools(tools, textForm)}`;
  return {
    name: 'react',
    stop: [observationLabel],
    instructions: `Each turn has two lines. The first begins with "Thought:" and says why; the second begins with "Action:" and says what to do, and nothing else. What comes of it then follows after "${observationLabel}".${list}`,
    reminder: `This turn had no action. Write a line "Action: ${lineActionForm(tools)}".`,
    around: labelledObservation(observationLabel),
    parse(text) {
      const parsed = parseLabelledLines(text, tools);
      return parsed === null ? null : { ...parsed.call, thought: parsed.lines.get('thought') ?? '' };
    },
    render({ thought = '', ...call }) {
      const why = oneLine(thought);
      return `${why === '' ? '' : `Thought: ${why}\n`}Action: ${renderLineAction(call, tools)}\n${observationLabel}`;
    },
  };
}
