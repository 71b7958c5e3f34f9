import type { EpisodeMeasures } from '../measures/measure-trajectory.js';
import type { TranscriptLink } from '../report/report-options.js';
import type { ExampleEpisode } from './examples.js';

/** Episodes linked from one figure. */
const maximumLinks = 3;
const longestLink = 44;

/** What links call the example at an index. */
export const anchorOf = (index: number): string => `episode-${index + 1}`;

/** Links to the examples of which something holds. */
export function linksTo(
  examples: readonly ExampleEpisode[],
  holds: (measures: EpisodeMeasures) => boolean,
): TranscriptLink[] {
  return examples
    .flatMap(({ measures }, index) =>
      holds(measures)
        ? [{ text: `${measures.correct === 1 ? '✓' : '✗'} ${shorten(measures.question)}`, anchor: anchorOf(index) }]
        : [],
    )
    .slice(0, maximumLinks);
}

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()];
  return characters.length <= longestLink ? characters.join('') : `${characters.slice(0, longestLink - 1).join('')}…`;
}
