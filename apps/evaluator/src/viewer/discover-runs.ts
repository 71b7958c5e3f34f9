import { basename, posix } from 'node:path';
import type { Problem, RunKind } from './api.js';
import type { EpisodeSource } from './episode-file.js';
import type { ServedFolder } from './served-folder.js';
import type { Sniffer } from './sniff-files.js';
import { type Folder, walkFolders } from './walk-folders.js';

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
  /** `cost.json` beside them. */
  cost: string | null;
  sources: EpisodeSource[];
  /** What was recorded of single tokens, beside the traces. */
  tokenFiles: string[];
}

const inside = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`);
const withoutEnding = (name: string) => name.replace(/\.jsonl$/, '');

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
 * `samples_<set>.jsonl` or `episodes.jsonl`; `<set>/episodes.jsonl` beside `results.json` or the settings of an evaluation that goes on;
 * `evaluation.json` of a stage), and every other trajectory file. `problems` says what of the folder was not looked at.
 */
export async function discoverRuns(
  root: ServedFolder,
  sniffer: Sniffer,
): Promise<{ runs: FoundRun[]; problems: Problem[] }> {
  const { folders, problems } = await walkFolders({ root });
  const isTraining = ({ files }: Folder) => files.includes('metrics.jsonl');
  const trainings = folders.filter(isTraining).map(({ path }) => path);
  const parentOf = (path: string) => {
    const above = trainings.filter((own) => own !== path && (own === '' || path.startsWith(`${own}/`)));
    const nearest = above.sort((a, b) => b.length - a.length)[0];
    return nearest === undefined ? null : nearest || '.';
  };
  const rootName = basename(root.path) || root.path;
  const runs: FoundRun[] = [];
  const below = new Map<string, Folder[]>();
  for (const folder of folders) {
    if (folder.path === '') continue;
    const parent = posix.dirname(folder.path);
    below.set(parent, [...(below.get(parent) ?? []), folder]);
  }
  /** Folders of the sets of an evaluation that is listed as one run. */
  const taken = new Set<string>();
  for (const folder of folders) {
    const { path, files } = folder;
    const shared = { id: path || '.', parent: parentOf(path), results: null, cost: null, metrics: [], tokenFiles: [] };
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
    if (taken.has(path)) continue;
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
      if (await sniffer.holdsEpisodes(inside(path, name))) logs.push(lineSource(inside(path, name), name, { set }));
    }
    const isOfSets =
      hasResults || (files.includes('settings.json') && (await sniffer.isEvaluation(inside(path, 'settings.json'))));
    const ofSets = (isOfSets ? below.get(path || '.') : undefined)?.filter(
      (other) => other.files.includes('episodes.jsonl') && !isTraining(other),
    );
    for (const { path: own } of ofSets ?? []) {
      taken.add(own);
      const set = posix.basename(own);
      const source = lineSource(inside(own, 'episodes.jsonl'), `${set}/episodes.jsonl`, { set });
      if (await sniffer.holdsEpisodes(source.path)) logs.push(source);
    }
    if (isOfSets || samples.length > 0) {
      const results = hasResults ? inside(path, 'results.json') : null;
      if (results === null && logs.length === 0) continue;
      const cost = files.includes('cost.json') ? inside(path, 'cost.json') : null;
      runs.push({ ...shared, name: folderName, kind: 'evaluation', results, cost, sources: logs });
      continue;
    }
    for (const source of logs) {
      const name = path === '' ? withoutEnding(source.name) : `${posix.basename(path)}/${withoutEnding(source.name)}`;
      runs.push({ ...shared, id: source.path, parent: parentOf(source.path), name, kind: 'log', sources: [source] });
    }
  }
  return { runs, problems };
}
