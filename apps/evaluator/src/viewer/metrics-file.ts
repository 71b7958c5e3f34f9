import type { MetricSeries } from './api.js';
import { followLines } from './follow-lines.js';
import type { FollowedFile } from './followed-file.js';
import type { ServedFolder } from './served-folder.js';

/** `metrics.jsonl` or `timings.jsonl` of a run, followed as they grow. */
export interface MetricsFile {
  readonly path: string;
  readonly file: FollowedFile;
  /** Of every stage and metric, in the order in which they first occur. */
  readonly series: ReadonlyMap<string, MetricSeries>;
}

/** A series of every stage and metric; numbers that JSON cannot hold are written as text and become null. */
export function createMetricsFile(folder: ServedFolder, path: string): MetricsFile {
  const series = new Map<string, MetricSeries>();
  const accept = (value: unknown): string | undefined => {
    if (typeof value !== 'object' || value === null || !('stage' in value) || !('step' in value)) {
      return 'is no line of metrics: it has no stage and step';
    }
    const { stage, step, ...metrics } = value;
    if (typeof stage !== 'string' || typeof step !== 'number') return 'is no line of metrics: stage or step is wrong';
    for (const [name, metric] of Object.entries(metrics)) {
      const key = `${stage}\0${name}`;
      let own = series.get(key);
      if (own === undefined) {
        own = { name, stage, steps: [], values: [], count: 0 };
        series.set(key, own);
      }
      const isKnown = typeof metric === 'number' && Number.isFinite(metric);
      own.steps.push(step);
      own.values.push(isKnown ? metric : null);
      own.count += 1;
    }
    return undefined;
  };
  return { path, file: followLines({ folder, path, accept, reset: () => series.clear() }), series };
}
