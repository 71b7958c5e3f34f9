import type { AgentEvent } from '@dgpo/envs';
import { splitTitle } from '@dgpo/retriever';
import { encodeTrajectory } from '@dgpo/trajectory';
import type { Colors } from '../commands/colors.js';

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

const passageWidth = 100;

function passageLine(contents: string, position: number, colors: Colors): string {
  const { title, text } = splitTitle(contents);
  const flat = oneLine(text);
  const shown = flat.length > passageWidth ? `${flat.slice(0, passageWidth - 1)}…` : flat;
  return `        ${position + 1}. ${title}${shown === '' ? '' : colors.dim(` ${shown}`)}\n`;
}

/** Why there is no answer. */
const endings: Record<string, string> = {
  turns: 'no answer: it used up its turns',
  length: 'no answer: it reached the end of its context',
};

/** What an agent does, for people: one or a few lines for each event. */
export function renderEvent(event: AgentEvent, colors: Colors): string {
  switch (event.type) {
    case 'thought':
      return `${colors.dim('think ')}  ${oneLine(event.text)}\n`;
    case 'search':
      return `${colors.cyan('search')}  ${event.query}\n`;
    case 'documents':
      return event.documents.length === 0
        ? `        ${colors.dim('nothing found')}\n`
        : event.documents.map(({ document }, index) => passageLine(document.contents, index, colors)).join('');
    case 'open':
      return `${colors.cyan('open  ')}  ${oneLine(event.document)}\n`;
    case 'tool':
      return `${colors.cyan('tool  ')}  ${event.name} ${oneLine(JSON.stringify(event.arguments))}\n`;
    case 'observation':
      return `        ${oneLine(event.text)}\n`;
    case 'invalid':
      return `${colors.yellow('invalid')} ${oneLine(event.text)}\n`;
    case 'answer': {
      const { answer, trajectory } = event;
      if (answer !== null) return `${colors.green('answer')}  ${colors.bold(answer)}\n`;
      return `${colors.yellow(endings[trajectory.outcome.endedBy] ?? 'no answer')}\n`;
    }
  }
}

/** The same for machines: one line of JSON. */
export function encodeEvent(event: AgentEvent): string {
  const plain = event.type === 'answer' ? { ...event, trajectory: encodeTrajectory(event.trajectory) } : event;
  return `${JSON.stringify(plain)}\n`;
}
