import { type ActionFormatName, createActionFormat, type EpisodeState, parseAction } from '@dgpo/envs';
import { supportingTitles } from '@dgpo/trajectory';
import { isArithmeticTask } from '../arithmetic/arithmetic-plan.js';
import { codeExpert } from '../arithmetic/code-expert.js';
import { expertTurn } from '../atlas/expert.js';

/** The tasks of the demo world carry the plan of their question. */
const isAtlasTask = (metadata: Record<string, unknown> | undefined) => Array.isArray(metadata?.subjects);

/**
 * The expert that teaches the teacher. On the demo world it reads what its searches bring and copies from it, or reckons with it in
 * code. On other questions it searches for each supporting title in turn (for the question itself where there are none) and then gives
 * the golden answer.
 */
export function scriptedExpert(state: EpisodeState): string {
  const { task, actions } = state;
  if (isArithmeticTask(task)) return codeExpert(state);
  if (isAtlasTask(task.metadata)) {
    const observations = actions
      .filter((action) => action.kind === 'search')
      .map((action) => (action.documents ?? []).map(({ document }) => document.contents));
    return expertTurn({ task, observations });
  }
  const titles = [...new Set(supportingTitles(task))];
  const queries = titles.length > 0 ? titles : [task.question];
  const query = queries[state.turn];
  if (query === undefined || state.next?.stop.length === 0) {
    const answer = task.goldenAnswers[0] ?? '';
    return `<think>The passages say ${answer}.</think><answer>${answer}</answer>`;
  }
  return `<think>I need to read about ${query}.</think><search>${query}</search>`;
}

/** A thought and a block of Python, as the code environment reads them. */
const turnOfCode = (thought: string, code: string) => `Thought: ${thought}\nCode:\n\`\`\`py\n${code}\n\`\`\`<end_code>`;

/**
 * The scripted expert in the code environment. It reckons with what it finds in the demo world; on other questions it looks up every
 * supporting title (the question itself where there are none) and then gives the golden answer.
 */
export function expertInCode(state: EpisodeState): string {
  const { task, turn } = state;
  if (isArithmeticTask(task)) return codeExpert(state);
  if (turn > 0)
    return turnOfCode('The passages say it.', `final_answer(${JSON.stringify(task.goldenAnswers[0] ?? '')})`);
  const titles = [...new Set(supportingTitles(task))];
  const queries = titles.length > 0 ? titles : [task.question];
  const lines = queries.map((query) => `print(search(${JSON.stringify(query)}))`);
  return turnOfCode(`I need to read about ${queries.join(' and ')}.`, lines.join('\n'));
}

/** The scripted expert in any format of actions. */
export function expertIn(format: ActionFormatName): (state: EpisodeState) => string {
  if (format === 'tags') return scriptedExpert;
  const search = { name: 'search', argument: 'query', description: '' };
  const answer = { name: 'answer', argument: 'answer', mayBeEmpty: true, description: '' };
  const { render } = createActionFormat({ format, tools: [search, answer] });
  return (state) => {
    const turn = scriptedExpert(state);
    const move = parseAction(turn);
    const thought = /<think>([\s\S]*?)<\/think>/.exec(turn)?.[1] ?? '';
    return move.kind === 'search'
      ? render({ thought, tool: 'search', arguments: { query: move.query } })
      : render({ thought, tool: 'answer', arguments: { answer: move.kind === 'answer' ? move.answer : '' } });
  };
}
