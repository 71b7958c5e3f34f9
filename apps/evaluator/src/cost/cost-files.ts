import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';
import { isRecord } from '../is-record.js';
import type { CostReport, EvaluationCost } from './evaluation-cost.js';

/** Wall time differs from run to run; in a file of its own, the results of a repeated evaluation stay the same bytes. */
const costFileName = 'cost.json';

/** Said of a `cost.json` that is none. */
export const noCost = 'is no cost of an evaluation as dgpo-eval run writes it';

/** Writes `cost.json` beside results, or in their place before they are there. @throws DatasetError when it cannot be written. */
export async function writeCost({ directory, cost }: { directory: string; cost: CostReport }): Promise<void> {
  const where = join(directory, costFileName);
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(`${where}.part`, `${JSON.stringify({ formatVersion: 1, ...cost }, null, 2)}\n`);
    await rename(`${where}.part`, where);
  } catch (cause) {
    throw new DatasetError('cannot be written', { where, cause });
  }
}

const sums = ['questions', 'episodes', 'seconds', 'secondsPerQuestion', 'modelCalls', 'searches'] as const;
const others = ['peakMemoryBytes', 'errors'] as const;
const nullable = ['promptTokens', 'policyTokens', 'tokensPerSecond'] as const;

const isAmount = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isEvaluationCost(value: unknown): value is EvaluationCost {
  if (!isRecord(value) || typeof value.engine !== 'string') return false;
  if (value.threads !== undefined && !isAmount(value.threads)) return false;
  return (
    [...sums, ...others].every((name) => isAmount(value[name])) &&
    nullable.every((name) => value[name] === null || isAmount(value[name]))
  );
}

const isSet = (value: unknown): value is CostReport['sets'][number] =>
  isRecord(value) && typeof value.name === 'string' && isEvaluationCost(value.cost);

/** The value of a `cost.json`; undefined where it is something else, or of another version. */
export function parseCost(value: unknown): CostReport | undefined {
  if (!isRecord(value) || value.formatVersion !== 1) return undefined;
  const { overall, sets } = value;
  return isEvaluationCost(overall) && Array.isArray(sets) && sets.every(isSet) ? { overall, sets } : undefined;
}

/** Reads what {@link writeCost} wrote; undefined where there is none. @throws DatasetError when it is damaged or of another version. */
export async function readCost({ directory }: { directory: string }): Promise<CostReport | undefined> {
  const where = join(directory, costFileName);
  const text = await readFile(where, 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new DatasetError('cannot be read', { where, cause });
  });
  if (text === undefined) return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw new DatasetError('is no JSON', { where, cause });
  }
  const cost = parseCost(stored);
  if (cost === undefined) throw new DatasetError(noCost, { where });
  return cost;
}
