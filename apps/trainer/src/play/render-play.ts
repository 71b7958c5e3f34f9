import type { Colors } from '../commands/colors.js';
import type { PlayEvent } from './play-episode.js';

const endings = { answer: 'not solved', turns: 'no turns left', length: 'no room left', error: 'broken' };

/** How an episode ended, in one line. */
function renderEnding({ outcome, turns }: PlayEvent & { type: 'end' }, colors: Colors): string {
  const count = `${turns} ${turns === 1 ? 'turn' : 'turns'}`;
  if (outcome === null) return `left after ${count}\n`;
  const word = outcome.correct ? colors.green('solved') : colors.yellow(endings[outcome.endedBy]);
  return `${word}: reward ${outcome.reward} after ${count}\n`;
}

/**
 * Events of an episode by hand, for the terminal.
 * @param options.echo whether to repeat what was typed, for input that shows nothing of itself
 */
export function createPlayRenderer(options: { colors: Colors; echo: boolean }): (event: PlayEvent) => string {
  const { colors, echo } = options;
  let isWaiting = false;
  const render = (event: PlayEvent): string => {
    switch (event.type) {
      case 'start':
        return `${event.text}\n\n${colors.dim("? lists what you can do, ! tells the expert's next move, q leaves")}\n\n`;
      case 'wait':
        return colors.cyan(event.within ? '. ' : '> ');
      case 'line':
        return echo ? `${event.text}\n` : '';
      case 'admissible':
        return event.commands.map((command) => `${command}\n`).join('');
      case 'expert':
        return `${event.command}\n`;
      case 'observation':
        return `${event.text}\n`;
      case 'end':
        // The end of the input leaves its prompt behind.
        return `${isWaiting ? '\n' : ''}${renderEnding(event, colors)}`;
    }
  };
  return (event) => {
    const text = render(event);
    isWaiting = event.type === 'wait';
    return text;
  };
}
