import type { Interval, RunFigure } from './api.js';
import { followValue } from './follow-value.js';
import type { FollowedFile } from './followed-file.js';
import type { ServedFolder } from './served-folder.js';

/** Figures of one set of questions, as `results.json` holds them. */
export interface ResultSet {
  name: string;
  figures: { name: string; value: number | null; interval?: Interval }[];
}

/** `results.json` of an evaluation, read anew when it changes. */
export interface ResultsFile {
  readonly file: FollowedFile;
  readonly model: string | null;
  readonly sets: readonly ResultSet[];
}

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function readInterval(value: unknown): Interval | undefined {
  if (!isObject(value)) return undefined;
  const [mean, low, high, count] = [value.mean, value.low, value.high, value.count].map(finite);
  if (mean === null || mean === undefined) return undefined;
  return { mean, low: low ?? mean, high: high ?? mean, count: count ?? 0 };
}

/** Figures with intervals under `dgpo.sets`, as `dgpo-eval run` and the stages of a run write them. */
export function readSets(sets: unknown): ResultSet[] {
  if (!Array.isArray(sets)) return [];
  return sets.filter(isObject).map((set) => {
    const summary = isObject(set.summary) ? set.summary : set;
    const overall = isObject(summary.overall) ? summary.overall : {};
    const figures = Object.entries(isObject(overall.figures) ? overall.figures : {});
    const reading = Object.entries(isObject(set.arc) ? set.arc : {}).map(
      ([name, component]) => [name, isObject(component) ? component.exactMatch : undefined] as const,
    );
    return {
      name: String(set.name ?? ''),
      figures: [...figures, ...reading].flatMap(([name, value]) => {
        const interval = readInterval(value);
        return interval === undefined ? [] : [{ name, value: interval.mean, interval }];
      }),
    };
  });
}

/** Figures of any harness that writes `results.<task>."<metric>,<filter>"`. */
function readTasks(results: unknown): ResultSet[] {
  if (!isObject(results)) return [];
  return Object.entries(results).flatMap(([name, metrics]) => {
    if (!isObject(metrics)) return [];
    const figures = Object.entries(metrics).flatMap(([key, value]) => {
      const [metric = key] = key.split(',');
      return finite(value) === null || /_stderr$/.test(metric) ? [] : [{ name: metric, value: finite(value) }];
    });
    return figures.length === 0 ? [] : [{ name, figures }];
  });
}

export function createResultsFile(folder: ServedFolder, path: string): ResultsFile {
  let model: string | null = null;
  let sets: ResultSet[] = [];
  const file = followValue({
    folder,
    path,
    reset: () => {
      model = null;
      sets = [];
    },
    accept: (value) => {
      if (!isObject(value)) return 'expected an object';
      const own = isObject(value.dgpo) ? readSets(value.dgpo.sets) : [];
      model = typeof value.model_name === 'string' ? value.model_name : null;
      sets = own.some(({ figures }) => figures.length > 0) ? own : readTasks(value.results);
      return sets.length === 0 ? 'holds no results of an evaluation' : undefined;
    },
  });
  return {
    file,
    get model() {
      return model;
    },
    get sets() {
      return sets;
    },
  };
}

/** The figures that are shown beside a run: those of its first sets, at most a dozen. */
export function headlineFigures(sets: readonly ResultSet[]): RunFigure[] {
  const wanted = ['exactMatch', 'exact_match', 'coverExactMatch', 'f1', 'correct', 'executedSearches'];
  const several = sets.length > 1;
  return sets
    .flatMap(({ name: set, figures }) =>
      figures
        .filter(({ name }) => wanted.includes(name))
        .slice(0, several ? 1 : wanted.length)
        .map((figure) => (several ? { ...figure, name: `${set} ${figure.name}` } : figure)),
    )
    .slice(0, 12);
}
