import type { RowFile } from './row-file.js';

/** The vectors of an int8 index as they were added, for scoring candidates again. */
export interface ExactRows {
  append(rows: readonly Float32Array[]): void;
  read(start: number, count: number): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Rows in a file, those added later in memory; without a file all are in memory. */
export function createExactRows(file: RowFile | null): ExactRows {
  const saved = file?.length ?? 0;
  const added: Float32Array[] = [];
  return {
    append(rows) {
      for (const row of rows) added.push(Float32Array.from(row));
    },
    async read(start, count) {
      const fromFile = Math.max(0, Math.min(count, saved - start));
      const rows = fromFile > 0 && file !== null ? await file.read(start, fromFile) : [];
      return rows.concat(added.slice(start + fromFile - saved, start + count - saved));
    },
    close: async () => file?.close(),
  };
}
