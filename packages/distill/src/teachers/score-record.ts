import { createHash } from 'node:crypto';
import type { TeacherRow, TeacherScores } from './teacher.js';

/** SHA-256 of everything that decides the scores of a row. */
export function scoreKey(options: { name: string; topK: number; row: TeacherRow }): string {
  const { name, topK, row } = options;
  const ids = Buffer.alloc(4 * row.tokenIds.length);
  for (let index = 0; index < row.tokenIds.length; index++) ids.writeInt32LE(row.tokenIds[index] ?? -1, 4 * index);
  const mask = Uint8Array.from(row.mask, (value) => (value === 1 ? 1 : 0));
  return createHash('sha256')
    .update(JSON.stringify([name, topK, mask.length]))
    .update(ids)
    .update(mask)
    .digest('hex');
}

const checkOf = (key: string, k: number, data: string) =>
  createHash('sha256').update(`${key} ${k} ${data}`).digest('hex').slice(0, 16);

/** One line of the file of a cache, without its end. */
export function encodeScores(key: string, { logProbs, topK }: TeacherScores): string {
  const k = topK?.k ?? 0;
  const scored = logProbs.length;
  const bytes = Buffer.alloc(4 * scored * (1 + 2 * k));
  const write = (values: ArrayLike<number>, start: number, put: (value: number, offset: number) => void) => {
    for (let index = 0; index < values.length; index++) put(values[index] ?? 0, 4 * (start + index));
  };
  write(logProbs, 0, (value, offset) => bytes.writeFloatLE(value, offset));
  write(topK?.tokenIds ?? [], scored, (value, offset) => bytes.writeInt32LE(value, offset));
  write(topK?.logProbs ?? [], scored * (1 + k), (value, offset) => bytes.writeFloatLE(value, offset));
  const data = bytes.toString('base64');
  return JSON.stringify({ key, k, data, check: checkOf(key, k, data) });
}

/** Undefined for a line that is cut off, changed, or none of {@link encodeScores}. */
export function decodeScores(line: string): { key: string; scores: TeacherScores } | undefined {
  let record: { key?: unknown; k?: unknown; data?: unknown; check?: unknown } | null;
  try {
    record = JSON.parse(line) as typeof record;
  } catch {
    return undefined;
  }
  const { key, k, data, check } = record ?? {};
  if (typeof key !== 'string' || typeof data !== 'string' || typeof k !== 'number') return undefined;
  if (!Number.isInteger(k) || k < 0 || check !== checkOf(key, k, data)) return undefined;
  const bytes = Buffer.from(data, 'base64');
  const scored = bytes.length / (4 * (1 + 2 * k));
  if (!Number.isInteger(scored)) return undefined;
  const floats = (start: number, length: number) =>
    Float32Array.from({ length }, (_, index) => bytes.readFloatLE(4 * (start + index)));
  const logProbs = floats(0, scored);
  if (k === 0) return { key, scores: { logProbs } };
  const tokenIds = Int32Array.from({ length: scored * k }, (_, index) => bytes.readInt32LE(4 * (scored + index)));
  return { key, scores: { logProbs, topK: { k, tokenIds, logProbs: floats(scored * (1 + k), scored * k) } } };
}
