import { causeDescriptions, causeNames } from '../diagnostics/cause.js';
import type { ScoreGroup } from '../measures/summarize-measures.js';
import type { ReportBreakdown } from '../report/report-options.js';
import { linksTo } from './example-links.js';
import type { ExampleEpisode } from './examples.js';

interface CauseBreakdownOptions {
  title: string;
  group: ScoreGroup;
  /** Episodes of the same page to link to. @default none */
  examples?: readonly ExampleEpisode[];
}

/** The causes of failed episodes, the most frequent first. */
export function causeBreakdown({ title, group, examples = [] }: CauseBreakdownOptions): ReportBreakdown {
  const { causes, failed } = group;
  const present = causeNames.filter((name) => causes[name].episodes > 0);
  return {
    title,
    rows: present
      .toSorted((a, b) => causes[b].episodes - causes[a].episodes)
      .map((name) => ({
        label: causeDescriptions[name].label,
        note: causeDescriptions[name].rule,
        value: causes[name].share,
        episodes: causes[name].episodes,
        examples: linksTo(examples, ({ cause }) => cause?.name === name),
      })),
    caption: `Shares of the ${failed} failed episodes; the rules are asked in the order of the documentation, the first that holds decides.`,
  };
}
