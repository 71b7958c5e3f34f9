import { posix } from 'node:path';
import type { IndexProgress, Problem, RunFigure, RunSummary } from './api.js';
import { type CostFile, createCostFile } from './cost-file.js';
import type { FoundRun } from './discover-runs.js';
import { createEpisodeFile, type EpisodeFile } from './episode-file.js';
import type { FollowedFile } from './followed-file.js';
import type { IndexedEpisode } from './indexed-episode.js';
import { createMetricsFile, type MetricsFile } from './metrics-file.js';
import { createResultsFile, headlineFigures, type ResultsFile } from './results-file.js';
import type { ServedFolder } from './served-folder.js';

/** A run with all its files, which are followed. */
export interface ViewerRun {
  found: FoundRun;
  readonly files: readonly EpisodeFile[];
  readonly metrics: readonly MetricsFile[];
  readonly results: ResultsFile | undefined;
  readonly cost: CostFile | undefined;
  /** Takes over what was found of it now; files that stay keep what was read of them. */
  update(found: FoundRun): void;
}

/** An episode with the file it lies in. */
export interface PlacedEpisode {
  file: EpisodeFile;
  episode: IndexedEpisode;
}

export function createViewerRun(folder: ServedFolder, found: FoundRun): ViewerRun {
  const run = {
    found,
    files: [] as EpisodeFile[],
    metrics: [] as MetricsFile[],
    results: undefined as ResultsFile | undefined,
    cost: undefined as CostFile | undefined,
    update: (next: FoundRun) => {
      run.found = next;
      run.files = next.sources.map(
        (source) => run.files.find((file) => file.source.path === source.path) ?? createEpisodeFile(folder, source),
      );
      run.metrics = next.metrics.map(
        (path) => run.metrics.find((file) => file.path === path) ?? createMetricsFile(folder, path),
      );
      run.results = next.results === null ? undefined : (run.results ?? createResultsFile(folder, next.results));
      run.cost = next.cost === null ? undefined : (run.cost ?? createCostFile(folder, next.cost));
    },
  };
  run.update(found);
  return run;
}

/** Every followed file of a run with its path. */
export function followedFiles(run: ViewerRun): { path: string; file: FollowedFile }[] {
  const { results, cost } = run.found;
  return [
    ...run.metrics.map(({ path, file }) => ({ path, file })),
    ...(run.results === undefined || results === null ? [] : [{ path: results, file: run.results.file }]),
    ...(run.cost === undefined || cost === null ? [] : [{ path: cost, file: run.cost.file }]),
    ...run.files.map(({ source, file }) => ({ path: source.path, file })),
  ];
}

/** Changes whenever an episode of the run does, or a cause is found. */
export const episodesVersion = (run: ViewerRun): string =>
  `${progressOf(run).causesKnown}|${run.files.map(({ source, file }) => `${source.name}:${file.version}`).join('|')}`;

export const episodeCount = (run: ViewerRun): number =>
  run.files.reduce((total, { episodes }) => total + episodes.length, 0);

/** How far its episodes are read. */
export function progressOf(run: ViewerRun): IndexProgress {
  let [bytesRead, bytesTotal, causesKnown, causesTotal] = [0, 0, 0, 0];
  let isComplete = true;
  for (const { file, episodes } of run.files) {
    bytesRead += file.bytesRead;
    bytesTotal += file.bytesTotal;
    isComplete &&= !file.isPending;
    for (const { correct, cause } of episodes) {
      if (correct) continue;
      causesTotal += 1;
      if (cause !== undefined) causesKnown += 1;
    }
  }
  return { bytesRead, bytesTotal, isComplete, causesKnown, causesTotal };
}

const shownProblems = 20;

export function problemsOf(files: readonly { path: string; file: FollowedFile }[]): {
  problems: Problem[];
  problemCount: number;
} {
  const problems = files.flatMap(({ path, file }) => file.problems.map((problem) => ({ file: path, ...problem })));
  const problemCount = files.reduce((total, { file }) => total + file.problemCount, 0);
  return { problems: problems.slice(0, shownProblems), problemCount };
}

const shownMetrics = ['reward', 'correct', 'loss', 'kl', 'searches', 'valid_action_rate', 'eval/exact_match'];

/** The last values of the stage that was logged last. */
function latestMetrics(run: ViewerRun): RunFigure[] {
  const all = run.metrics.flatMap(({ series }) => [...series.values()]);
  const stage = all.at(-1)?.stage;
  return shownMetrics.flatMap((name) => {
    const own = all.find((series) => series.name === name && series.stage === stage);
    return own === undefined ? [] : [{ name, value: own.values.at(-1) ?? null }];
  });
}

function shareCorrect(run: ViewerRun): RunFigure[] {
  const count = episodeCount(run);
  if (count === 0) return [];
  const sum = (pick: (episode: IndexedEpisode) => number) =>
    run.files.reduce((total, file) => total + file.episodes.reduce((own, episode) => own + pick(episode), 0), 0);
  return [
    { name: 'correct', value: sum(({ correct }) => Number(correct)) / count },
    { name: 'executedSearches', value: sum(({ searches }) => searches) / count },
  ];
}

function figuresOf(run: ViewerRun): RunFigure[] {
  if (run.found.kind === 'training') return latestMetrics(run);
  const recorded = headlineFigures([...(run.results?.sets ?? []), ...run.files.flatMap(({ sets }) => sets)]);
  return recorded.length > 0 ? recorded : shareCorrect(run);
}

/** What the list shows of a run. */
export function summarizeRun(run: ViewerRun): RunSummary {
  const { id, name, kind, parent } = run.found;
  const files = followedFiles(run);
  return {
    id,
    name: run.results?.model ?? name,
    kind,
    parent,
    episodes: episodeCount(run),
    updatedAt: Math.round(Math.max(0, ...files.map(({ file }) => file.updatedAt))),
    figures: figuresOf(run),
    hasCurves: run.metrics.some(({ series }) => series.size > 0),
    progress: progressOf(run),
    problemCount: problemsOf(files).problemCount,
  };
}

/** Name of an episode within its run. */
export const keyOf = ({ file, episode }: PlacedEpisode): string => `${file.source.name}:${episode.line}`;

/** The episode of a key; undefined where there is none (any more). */
export function findEpisode(run: ViewerRun, key: string): (PlacedEpisode & { index: number }) | undefined {
  const [, name, line] = /^(.+):(\d{1,15})$/.exec(key) ?? [];
  const file = run.files.find(({ source }) => source.name === name);
  if (file === undefined) return undefined;
  let [low, high] = [0, file.episodes.length - 1];
  while (low <= high) {
    const index = (low + high) >> 1;
    const episode = file.episodes[index];
    if (episode === undefined) return undefined;
    if (episode.line === Number(line)) return { file, episode, index };
    if (episode.line < Number(line)) low = index + 1;
    else high = index - 1;
  }
  return undefined;
}

/** Name of the folder in which a run lies, for what is made of it. */
export const folderOf = ({ id, kind }: Pick<FoundRun, 'id' | 'kind'>): string => {
  const folder = kind === 'log' ? posix.dirname(id) : id;
  return folder === '.' ? '' : folder;
};
