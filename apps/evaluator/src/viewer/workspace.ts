import { stat } from 'node:fs/promises';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Problem, ViewerEvent } from './api.js';
import { discoverRuns } from './discover-runs.js';
import { createEpisodeReader, type EpisodeReader } from './episode-reader.js';
import { createCauseFinder } from './find-causes.js';
import { openServedFolder, type ServedFolder } from './served-folder.js';
import { createSniffer } from './sniff-files.js';
import { createViewerRun, episodeCount, episodesVersion, followedFiles, type ViewerRun } from './viewer-run.js';

interface WorkspaceOptions {
  /** The folder whose runs are shown. */
  directory: string;
  /** How often files and folders are looked at, in milliseconds. @default 1000 */
  interval?: number;
}

/** The runs below a folder, kept up to date while they are written. */
export interface Workspace {
  readonly folder: ServedFolder;
  readonly readEpisode: EpisodeReader;
  /** Parents before what was made in them. */
  runs(): ViewerRun[];
  run(id: string): ViewerRun | undefined;
  /** What of the folder was not looked at. */
  problems(): readonly Problem[];
  /** Reads the episodes of this run before others, and waits until there are some to show. */
  prefer(run: ViewerRun): Promise<void>;
  /** Returns what ends it. */
  subscribe(listener: (event: ViewerEvent) => void): () => void;
  close(): Promise<void>;
}

/** Between two looks at the folder while much is read. */
const workMilliseconds = 1000;
const eventMilliseconds = 400;
const longestWait = 2000;

/** What listeners know of a run. */
interface Told {
  metrics: string;
  episodes: string;
}

const metricsVersion = (run: ViewerRun) =>
  [...run.metrics, run.results, run.cost].flatMap((followed) => followed?.file.version ?? []).join('|');

/**
 * Finds the runs below a folder and follows them: what is there is indexed in the background, what grows is read on, what is new
 * appears. Nothing is written.
 *
 * @throws ConfigError where there is no such folder
 */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { interval = 1000 } = options;
  const folder = openServedFolder(options.directory);
  const sniffer = createSniffer(folder);
  const readEpisode = createEpisodeReader(folder);
  const causes = createCauseFinder(folder);
  const runs = new Map<string, ViewerRun>();
  const told = new Map<string, Told>();
  const listeners = new Set<(event: ViewerEvent) => void>();
  const closing = new AbortController();
  let problems: readonly Problem[] = [];
  let preferred: ViewerRun | undefined;
  let lastEvents = 0;

  const emit = (event: ViewerEvent) => {
    for (const listener of listeners) listener(event);
  };
  const tell = (isDue: boolean) => {
    if (!isDue && performance.now() - lastEvents < eventMilliseconds) return;
    lastEvents = performance.now();
    for (const [id, run] of runs) {
      const before = told.get(id) ?? { metrics: '', episodes: '' };
      const now = { metrics: metricsVersion(run), episodes: episodesVersion(run) };
      told.set(id, now);
      if (before.metrics === now.metrics && before.episodes === now.episodes) continue;
      const changed = [
        ...(before.metrics === now.metrics ? [] : (['metrics'] as const)),
        ...(before.episodes === now.episodes ? [] : (['episodes'] as const)),
      ];
      const updatedAt = Math.round(Math.max(0, ...followedFiles(run).map(({ file }) => file.updatedAt)));
      emit({ type: 'run', id, episodes: episodeCount(run), updatedAt, changed });
    }
  };

  const listed = () =>
    JSON.stringify([[...runs.values()].map(({ found: { id, kind, parent } }) => [id, kind, parent]), problems]);
  const look = async () => {
    const found = await discoverRuns(folder, sniffer);
    const before = listed();
    problems = found.problems;
    const kept = new Map(runs);
    runs.clear();
    for (const one of found.runs) {
      const run = kept.get(one.id);
      // A folder that turns from a log into an evaluation is another run under the same id.
      if (run === undefined || run.found.kind !== one.kind) runs.set(one.id, createViewerRun(folder, one));
      else {
        run.update(one);
        runs.set(one.id, run);
      }
    }
    for (const run of runs.values()) {
      for (const { path, file } of followedFiles(run)) {
        const real = await folder.resolve(path);
        const state = real === undefined ? undefined : await stat(real).catch(() => undefined);
        if (state !== undefined) file.notice(state);
      }
    }
    for (const id of told.keys()) if (!runs.has(id)) told.delete(id);
    if (before !== listed()) emit({ type: 'runs' });
  };

  /** The preferred run first; small files before large ones, so that the list fills early. */
  const inOrder = () => {
    const own = [...runs.values()];
    return preferred === undefined ? own : [preferred, ...own.filter((run) => run !== preferred)];
  };
  const nextFile = () => {
    for (const run of inOrder()) {
      const pending = followedFiles(run).find(({ file }) => file.isPending);
      if (pending !== undefined) return pending.file;
    }
    return undefined;
  };
  const findCauses = async (): Promise<boolean> => {
    for (const run of inOrder()) {
      for (const file of run.files) if (await causes.advance(file)) return true;
    }
    return false;
  };
  const work = async (): Promise<boolean> => {
    const started = performance.now();
    while (!closing.signal.aborted && performance.now() - started < workMilliseconds) {
      const file = nextFile();
      if (file !== undefined) await file.advance();
      else if (!(await findCauses())) return false;
      tell(false);
      // Requests come in between.
      await nextTurn();
    }
    return true;
  };
  const follow = async () => {
    while (!closing.signal.aborted) {
      const isBusy = await work();
      tell(true);
      const started = performance.now();
      if (!isBusy) await delay(interval, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      if (closing.signal.aborted) return;
      // What cannot be looked at now is looked at in the next round.
      await look().catch(() => undefined);
      // A folder that takes long to look through is looked at less often.
      if (!isBusy) {
        const pause = Math.min(10_000, 5 * (performance.now() - started - interval));
        if (pause > interval)
          await delay(pause, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      }
    }
  };

  await look();
  tell(true);
  const following = follow();
  return {
    folder,
    readEpisode,
    runs: () => [...runs.values()],
    run: (id) => runs.get(id),
    problems: () => problems,
    prefer: async (run) => {
      preferred = run;
      const isReady = () => episodeCount(run) > 0 || run.files.every(({ file }) => !file.isPending);
      const started = performance.now();
      while (!isReady() && performance.now() - started < longestWait && !closing.signal.aborted) await delay(5);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      closing.abort();
      await following;
    },
  };
}
