import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** JSON whose object keys are sorted and whose undefined members are left out: equal values give equal text. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}

/** SHA-256 in hexadecimal, of pieces that follow each other. */
export function sha256(...pieces: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** SHA-256 of a value's {@link stableJson}. */
export function hashValue(value: unknown): string {
  return sha256(stableJson(value) ?? 'undefined');
}

/** SHA-256 of a file, read in pieces. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
