import type { Colors } from '../commands/colors.js';
import type { PlayEvent } from './play-episode.js';

const endings = { answer: 'not solved', turns: 'no turns left', length: 'no room left', error: 'broken' };

const countTurns = (turns: number) => `${turns} ${turns === 1 ? 'turn' : 'turns'}`;

/** How an episode ended, in one line. */
function renderEnding({ outcome, turns }: PlayEvent & { type: 'end' }, colors: Colors): string {
  if (outcome === null) return `left after ${countTurns(turns)}\n`;
  const word = outcome.correct ? colors.green('solved') : colors.yellow(endings[outcome.endedBy]);
  return `${word}: reward ${outcome.reward} after ${countTurns(turns)}\n`;
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
        return `${event.text}\n\n${colors.dim(`${countTurns(event.turns)}; ? lists what you can do, ! tells the expert's next move, q leaves`)}\n\n`;
      case 'wait':
        return colors.cyan(event.within ? '. ' : '> ');
      case 'line':
        return echo ? `${event.text}\n` : '';
      case 'admissible':
        return event.commands.map((command) => `${command}\n`).join('');
      case 'expert':
        return `${event.command}\n`;
      case 'observation':
        return `${event.text}\n${colors.dim(`${countTurns(event.turnsLeft)} left`)}\n`;
      case 'end':
        return renderEnding(event, colors);
    }
  };
  return (event) => {
    // The end of the input leaves its prompt behind.
    const separator = isWaiting && event.type !== 'line' ? '\n' : '';
    isWaiting = event.type === 'wait';
    return separator + render(event);
  };
}
