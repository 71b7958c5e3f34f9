import type { HintFinding } from './finding.js';
import type { Move } from './household-walk.js';

/** Why the world refused a command, as a hint. */
function adviceFor({ before, object, place, verb }: Move): string {
  const { at, closed, holding } = before;
  const away = at !== place;
  switch (verb) {
    case 'go':
      return away
        ? 'Go only to a {location} that an observation has named, by its full name.'
        : 'Do not go to the {location} where you already are; act there.';
    case 'open':
    case 'close':
      if (away) return `Go to the {container} before you ${verb} it.`;
      return `Do not ${verb} a {container} that is ${verb === 'open' ? 'open' : 'closed'} already.`;
    case 'take':
      if (holding !== null) return 'Put down what you hold before you take another {object}.';
      if (away) return 'Go to the {container} before you take the {object} from it.';
      if (closed.has(place)) return 'Open the {container} before you take the {object} out of it.';
      return 'Take the {object} only from the {container} where an observation has shown it.';
    case 'move':
      if (holding !== object) return 'Take the {object} before you put it anywhere.';
      if (away) return 'Go to the {container} before you put the {object} there.';
      if (closed.has(place)) return 'Open the {container} before you put the {object} into it.';
      return 'Put the {object} only where the task wants it; not every {container} takes it.';
    case 'clean':
    case 'heat':
    case 'cool':
      if (holding !== object) return `Take the {object} before you ${verb} it.`;
      if (away) return `Carry the {object} to the {container} before you ${verb} it there.`;
      return 'Clean at a sinkbasin, heat at a microwave and cool at a fridge.';
    case 'use':
      return 'Go to the {location} of the lamp before you use it.';
    case 'slice':
      return 'Hold a knife and stand where the {object} lies before you slice it.';
    case 'examine':
      return 'Stand at the {container}, or hold the {object}, before you examine it.';
    default:
      return 'Write each command in one of the listed forms, with names as the observation shows them.';
  }
}

/** Commands that the world refused, each with what was missing. */
export function unmetPreconditions(moves: readonly Move[]): HintFinding[] {
  return moves
    .filter(({ command, executed }) => command !== null && !executed)
    .map((move) => ({ rule: 'unmet-precondition', turn: move.turn, hint: adviceFor(move) }));
}
