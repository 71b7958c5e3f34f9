import type { ActionFormat, ActionTool } from './action-format.js';
import { labelledObservation, lineActionForm, parseLabelledLines, renderLineAction } from './line-action.js';
import { listTools, oneLine, textForm } from './read-arguments.js';

const observationLabel = 'observation:';

/**
 * Lines `goal:`, a line for each part of the state, `thought:` and `action:`; what is empty reads `None`.
 * Source: StateAct (arXiv 2410.02810).
 */
export function stateActFormat(tools: readonly ActionTool[]): ActionFormat {
  const list = tools.length === 1 ? '' : `\nThe actions are:\n${listTools(tools, textForm)}`;
  const line = (label: string, text: string) => `${label}: ${oneLine(text) || 'None'}\n`;
  return {
    name: 'stateact',
    stop: [observationLabel],
    instructions: `Each turn has four lines. "goal:" repeats what is to be reached, "state:" says where things stand now, "thought:" says why, and "action:" says what to do, and nothing else. What comes of it then follows after "${observationLabel}".${list}`,
    reminder: `This turn had no action. Write a line "action: ${lineActionForm(tools)}".`,
    around: labelledObservation(observationLabel),
    parse(text) {
      const parsed = parseLabelledLines(text, tools);
      const thought = parsed?.lines.get('thought') ?? '';
      return parsed === null ? null : { ...parsed.call, thought: thought === 'None' ? '' : thought };
    },
    render({ thought = '', goal = '', state = {}, ...call }) {
      const parts = Object.entries(state);
      const lines = (parts.length === 0 ? [['state', '']] : parts).map(([name = '', text = '']) => line(name, text));
      const action = renderLineAction(call, tools);
      return `${line('goal', goal)}${lines.join('')}${line('thought', thought)}action: ${action}\n${observationLabel}`;
    },
  };
}
