import { readFile } from 'node:fs/promises';
import { DatasetError } from '@dgpo/trajectory';
import { hasCode } from './file-system.js';

/** One logged step of a stage. */
export interface MetricLine {
  stage: string;
  step: number;
  /** By name, with `step` among them. */
  values: Record<string, number>;
}

/**
 * The logged steps of a run from its `metrics.jsonl`, oldest first; none where there is no file. A last line without an end is one that
 * is being written.
 *
 * @throws DatasetError for a line that is no metrics, with its number
 */
export async function readMetrics(path: string): Promise<MetricLine[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return [];
    throw new DatasetError('cannot be read', { where: path, cause });
  }
  const lines = text.split('\n').slice(0, -1);
  return lines
    .map((line, index) => ({ line, where: `${path}:${index + 1}` }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, where }) => parseLine(line, where));
}

function parseLine(line: string, where: string): MetricLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new DatasetError('is not JSON', { where, cause });
  }
  if (typeof value !== 'object' || value === null || !('stage' in value) || !('step' in value)) {
    throw new DatasetError('is no line of metrics: it has no stage and step', { where });
  }
  const { stage, ...metrics } = value;
  // Numbers that JSON cannot hold are written as text; `Number` reads them back.
  const values = Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, Number(metric)]));
  return { stage: String(stage), step: Number(value.step), values };
}
