import { readAt } from './read-at.js';
import type { ServedFolder } from './served-folder.js';

/** What an update recorded of the tokens that the policy sampled in one episode; each list has one entry per such token. */
export interface TokenRecord {
  /** Log-probabilities that the ratio of the policy loss starts from. */
  logProbs: number[];
  advantages: number[];
  /** Of the teacher; absent where none guides. */
  referenceLogProbs?: number[];
  /** The gate selected the episode for guidance. */
  gated: boolean;
}

const largestFile = 256 << 20;

const numbers = (value: unknown): number[] | undefined =>
  Array.isArray(value) ? value.map((entry) => (typeof entry === 'number' ? entry : Number.NaN)) : undefined;

function toRecord(value: object): TokenRecord | undefined {
  const logProbs = 'logProbs' in value ? numbers(value.logProbs) : undefined;
  const advantages = 'advantages' in value ? numbers(value.advantages) : undefined;
  const reference = 'referenceLogProbs' in value ? numbers(value.referenceLogProbs) : undefined;
  if (logProbs === undefined || advantages === undefined) return undefined;
  return {
    logProbs,
    advantages,
    gated: 'gated' in value && value.gated === true,
    ...(reference === undefined ? {} : { referenceLogProbs: reference }),
  };
}

/**
 * Reads the record of one episode from `traces/<stage>-<step>.tokens.jsonl`; undefined where there is none.
 *
 * @param options.index place of the episode in the trace beside it, from 0
 */
export async function readTokenRecord(options: {
  folder: ServedFolder;
  path: string;
  id: string;
  index: number;
}): Promise<TokenRecord | undefined> {
  const { folder, path, id, index } = options;
  const file = await folder.open(path);
  let text: string;
  try {
    const { size } = await file.stat();
    if (size > largestFile) return undefined;
    text = (await readAt(file, 0, size)).toString('utf8');
  } finally {
    await file.close();
  }
  for (const line of text.split('\n')) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      // Half written, or empty.
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    if (!('id' in value) || value.id !== id || !('episode' in value) || value.episode !== index) continue;
    return toRecord(value);
  }
  return undefined;
}
