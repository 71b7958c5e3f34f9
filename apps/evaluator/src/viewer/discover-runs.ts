import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import type { RunKind } from './api.js';
import type { EpisodeSource } from './episode-file.js';
import { readAt } from './read-at.js';
import type { ServedFolder } from './served-folder.js';

/** A run as it lies on the disk; all paths are relative to the folder that is served, with `/`. */
export interface FoundRun {
  id: string;
  name: string;
  kind: RunKind;
  parent: string | null;
  /** `metrics.jsonl` and `timings.jsonl`. */
  metrics: string[];
  /** `results.json`. */
  results: string | null;
  sources: EpisodeSource[];
  /** What was recorded of single tokens, beside the traces. */
  tokenFiles: string[];
}

/** What a run directory, or a stage of it, holds beside episodes; elsewhere these names may be anything. */
const ofRuns = new Set(['checkpoints', 'tensorboard', 'wandb', 'logs']);
const ofStages = new Set(['checkpoints', 'index', 'model', 'adapter']);
const most = { depth: 8, folders: 5000, entries: 100_000 };
/** A trajectory names its segments and its outcome; a first line longer than this may do so later. */
const sniffedBytes = 1 << 16;

interface Folder {
  /** Relative, '' for the root. */
  path: string;
  files: string[];
}

async function listFolders(root: ServedFolder): Promise<Folder[]> {
  const folders: Folder[] = [];
  const visited = new Set<string>();
  let entries = 0;
  const visit = async (path: string, depth: number): Promise<void> => {
    if (depth > most.depth || folders.length >= most.folders || entries >= most.entries) return;
    const real = await root.resolve(path === '' ? '.' : path);
    if (real === undefined || visited.has(real)) return;
    visited.add(real);
    const found: Dirent[] = await readdir(real, { withFileTypes: true }).catch(() => []);
    entries += found.length;
    const files: string[] = [];
    const below: string[] = [];
    const has = (name: string) => found.some((entry) => entry.name === name);
    const isSkipped = (name: string) =>
      name.startsWith('.') ||
      name === 'node_modules' ||
      (ofRuns.has(name) && has('metrics.jsonl')) ||
      (ofStages.has(name) && has('stage.key'));
    for (const entry of found) {
      const own = path === '' ? entry.name : `${path}/${entry.name}`;
      const kind = entry.isSymbolicLink() ? await stat(join(real, entry.name)).catch(() => undefined) : entry;
      if (kind?.isFile()) files.push(entry.name);
      else if (kind?.isDirectory() && !isSkipped(entry.name)) below.push(own);
    }
    folders.push({ path, files: files.sort() });
    for (const own of below.sort()) await visit(own, depth + 1);
  };
  await visit('', 0);
  return folders;
}

const inside = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`);
const withoutEnding = (name: string) => name.replace(/\.jsonl$/, '');

/** Remembers which files hold trajectories, so that others are looked at once. */
export function createSniffer(root: ServedFolder): (path: string) => Promise<boolean> {
  const known = new Map<string, { mark: string; holds: boolean }>();
  return async (path) => {
    const real = await root.resolve(path);
    const found = real === undefined ? undefined : await stat(real).catch(() => undefined);
    if (found === undefined || found.size === 0) return false;
    const before = known.get(path);
    const mark = `${found.ino}:${found.mtimeMs}:${found.size}`;
    // A file that holds episodes once goes on doing so while it grows.
    if (before !== undefined && (before.holds || before.mark === mark)) return before.holds;
    let holds = false;
    try {
      const file = await root.open(path);
      try {
        const text = (await readAt(file, 0, Math.min(sniffedBytes, found.size))).toString('utf8');
        const line = text.split('\n', 1)[0] ?? '';
        const isWhole = line.length < text.length || found.size <= sniffedBytes;
        holds = line.includes('"segments":') && (!isWhole || line.includes('"outcome":'));
      } finally {
        await file.close();
      }
    } catch {
      // What cannot be read is no run.
    }
    known.set(path, { mark, holds });
    return holds;
  };
}

const lineSource = (path: string, name: string, part: Partial<EpisodeSource> = {}): EpisodeSource => ({
  path,
  name,
  format: 'lines',
  set: null,
  stage: null,
  step: null,
  ...part,
});

/** `traces/<stage>-<step>.jsonl` of a run directory, by stage and step. */
function traceSources(path: string, files: readonly string[]): EpisodeSource[] {
  const sources = files.flatMap((name) => {
    const [, stage, step] = /^(.+)-(\d+)\.jsonl$/.exec(name) ?? [];
    if (stage === undefined) return [];
    return [lineSource(inside(path, name), `traces/${name}`, { stage, step: Number(step) })];
  });
  return sources.sort((a, b) => (a.stage ?? '').localeCompare(b.stage ?? '', 'en') || (a.step ?? 0) - (b.step ?? 0));
}

/**
 * The runs below a folder: run directories of the trainer (`metrics.jsonl`, `traces/`), evaluations (`results.json` with
 * `samples_<set>.jsonl` or `episodes.jsonl`; `evaluation.json` of a stage), and every other trajectory file. Checkpoints and indexes are
 * not entered; links that lead out of the folder are not followed.
 */
export async function discoverRuns(
  root: ServedFolder,
  holdsEpisodes: (path: string) => Promise<boolean>,
): Promise<FoundRun[]> {
  const folders = await listFolders(root);
  const isTraining = ({ files }: Folder) => files.includes('metrics.jsonl');
  const trainings = folders.filter(isTraining).map(({ path }) => path);
  const parentOf = (path: string) => {
    const above = trainings.filter((own) => own !== path && (own === '' || path.startsWith(`${own}/`)));
    const nearest = above.sort((a, b) => b.length - a.length)[0];
    return nearest === undefined ? null : nearest || '.';
  };
  const rootName = basename(root.path) || root.path;
  const runs: FoundRun[] = [];
  for (const folder of folders) {
    const { path, files } = folder;
    const shared = { id: path || '.', parent: parentOf(path), results: null, metrics: [], tokenFiles: [] };
    const folderName = path === '' ? rootName : posix.basename(path);
    const lines = files.filter((name) => name.endsWith('.jsonl'));
    if (isTraining(folder)) {
      const traces = folders.find((other) => other.path === inside(path, 'traces'));
      runs.push({
        ...shared,
        name: folderName,
        kind: 'training',
        metrics: ['metrics.jsonl', 'timings.jsonl'].filter((name) => files.includes(name)).map((n) => inside(path, n)),
        sources: traceSources(inside(path, 'traces'), traces?.files ?? []),
        tokenFiles: (traces?.files ?? [])
          .filter((name) => name.endsWith('.tokens.jsonl'))
          .map((name) => inside(path, `traces/${name}`)),
      });
      continue;
    }
    if (posix.basename(path) === 'traces' && trainings.includes(path === 'traces' ? '' : posix.dirname(path))) continue;
    if (files.includes('evaluation.json')) {
      runs.push({
        ...shared,
        name: folderName.replace(/^evaluation-/, ''),
        kind: 'evaluation',
        sources: [{ ...lineSource(inside(path, 'evaluation.json'), 'evaluation.json'), format: 'stage' }],
      });
      continue;
    }
    const samples = lines.filter((name) => name.startsWith('samples_'));
    const hasResults = files.includes('results.json');
    const logs: EpisodeSource[] = [];
    for (const name of samples.length > 0 ? samples : lines) {
      const set = name.startsWith('samples_') ? withoutEnding(name).slice('samples_'.length) : null;
      if (await holdsEpisodes(inside(path, name))) logs.push(lineSource(inside(path, name), name, { set }));
    }
    if (hasResults || samples.length > 0) {
      const results = hasResults ? inside(path, 'results.json') : null;
      if (results === null && logs.length === 0) continue;
      runs.push({ ...shared, name: folderName, kind: 'evaluation', results, sources: logs });
      continue;
    }
    for (const source of logs) {
      const name = path === '' ? withoutEnding(source.name) : `${posix.basename(path)}/${withoutEnding(source.name)}`;
      runs.push({ ...shared, id: source.path, parent: parentOf(source.path), name, kind: 'log', sources: [source] });
    }
  }
  return runs;
}
