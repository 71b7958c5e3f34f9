import { type CauseName, causeNames } from '../diagnostics/cause.js';
import { type BootstrapOptions, bootstrapFigures, completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import type { Figure } from '../statistics/figure.js';
import { type EpisodeMeasures, type MeasureName, measureNames } from './measure-trajectory.js';

/** How an episode can end. */
export const endings = ['answer', 'turns', 'length', 'error'] as const;

export type Ending = (typeof endings)[number];

/** The figures of one group of episodes. */
export interface ScoreGroup {
  episodes: number;
  /** Distinct questions; fewer than episodes when each was sampled several times. */
  tasks: number;
  figures: Record<MeasureName, Figure>;
  /** Share of episodes by how they ended. */
  endedBy: Record<Ending, Figure>;
  /** Episodes with a cause: those that failed and have a golden answer to fail by. */
  failed: number;
  /** How many of the failed episodes each cause has, and their share. */
  causes: Record<CauseName, CauseFigure>;
}

/** The failed episodes of one cause. */
export interface CauseFigure {
  episodes: number;
  /** Share of the failed episodes; its count is the number of these. */
  share: Figure;
}

export interface ScoreSummary {
  overall: ScoreGroup;
  /** By the key function, keys in natural order; episodes without a key are in `overall` only. */
  groups: Record<string, ScoreGroup>;
  episodes: EpisodeMeasures[];
  bootstrapSamples: number;
  confidence: number;
  seed: number;
}

/**
 * Means over episodes with percentile bootstrap intervals. Questions are drawn, not episodes, so several samples of one question do
 * not narrow the interval as if they were independent.
 *
 * @throws RangeError if an option makes no sense.
 */
export function summarizeMeasures(episodes: readonly EpisodeMeasures[], options: BootstrapOptions = {}): ScoreSummary {
  const complete = completeBootstrapOptions(options);
  const byGroup = new Map<string, EpisodeMeasures[]>();
  for (const episode of episodes) {
    if (episode.group === null) continue;
    const members = byGroup.get(episode.group);
    if (members === undefined) byGroup.set(episode.group, [episode]);
    else members.push(episode);
  }
  const keys = [...byGroup.keys()];
  keys.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return {
    overall: summarizeGroup(episodes, complete),
    groups: Object.fromEntries(keys.map((key) => [key, summarizeGroup(byGroup.get(key) ?? [], complete)])),
    episodes: [...episodes],
    ...complete,
  };
}

/** Identifies a question across files in which ids repeat, as `test_0` does in every FlashRAG set. */
export const taskKey = ({ environment, taskId, question }: EpisodeMeasures): string =>
  [environment, taskId, question].join('\u0000');

function summarizeGroup(episodes: readonly EpisodeMeasures[], options: Required<BootstrapOptions>): ScoreGroup {
  const clusters = episodes.map(taskKey);
  const measured = measureNames.map((name) => Float64Array.from(episodes, (episode) => episode[name] ?? Number.NaN));
  const ended = endings.map((ending) => Float64Array.from(episodes, ({ endedBy }) => Number(endedBy === ending)));
  const failures = causeNames.map((name) =>
    Float64Array.from(episodes, ({ cause }) => (cause === null ? Number.NaN : Number(cause.name === name))),
  );
  const figures = bootstrapFigures({ ...options, columns: [...measured, ...ended, ...failures], clusters });
  const shares = nameFigures(causeNames, figures.slice(measureNames.length + endings.length));
  const count = (name: CauseName) => episodes.filter(({ cause }) => cause?.name === name).length;
  return {
    episodes: episodes.length,
    tasks: new Set(clusters).size,
    figures: nameFigures(measureNames, figures),
    endedBy: nameFigures(endings, figures.slice(measureNames.length)),
    failed: episodes.filter(({ cause }) => cause !== null).length,
    causes: Object.fromEntries(
      causeNames.map((name) => [name, { episodes: count(name), share: shares[name] }]),
    ) as Record<CauseName, CauseFigure>,
  };
}

function nameFigures<Name extends string>(names: readonly Name[], figures: readonly Figure[]): Record<Name, Figure> {
  return Object.fromEntries(names.map((name, index) => [name, figures[index]])) as Record<Name, Figure>;
}
