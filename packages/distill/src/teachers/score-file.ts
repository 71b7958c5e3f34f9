import { createReadStream } from 'node:fs';
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { decodeScores, encodeScores } from './score-record.js';
import type { TeacherScores } from './teacher.js';

const fileName = 'teacher-scores.jsonl';
/** Longer lines are none of ours. */
const maximumLineBytes = 64 << 20;

interface StoredScores {
  /** The newest of each key, oldest first. */
  entries: Map<string, TeacherScores>;
  /** Whether the file holds lines that are of no use: broken ones, replaced ones, or more than are kept. */
  untidy: boolean;
}

/** The lines of a file; null for one that is too long or has no end. */
async function* linesOf(path: string): AsyncGenerator<string | null> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer) => {
    bytes += part.length;
    if (bytes <= maximumLineBytes) parts.push(part);
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, end));
      yield bytes > maximumLineBytes ? null : Buffer.concat(parts).toString('utf8');
      parts = [];
      bytes = 0;
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (bytes > 0) yield null;
}

async function readScores(path: string, maxEntries: number): Promise<StoredScores> {
  const entries = new Map<string, TeacherScores>();
  let untidy = false;
  try {
    for await (const line of linesOf(path)) {
      const record = line === null ? undefined : decodeScores(line);
      if (record === undefined) {
        untidy = true;
        continue;
      }
      if (entries.delete(record.key)) untidy = true;
      entries.set(record.key, record.scores);
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) {
        entries.delete(oldest);
        untidy = true;
      }
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  return { entries, untidy };
}

/** Scores that outlive the process: one line each, appended whole. */
export interface ScoreFile {
  /** What was there, without lines that are broken. */
  entries: Map<string, TeacherScores>;
  append(records: readonly (readonly [key: string, scores: TeacherScores])[]): Promise<void>;
}

/** Opens the file of a folder, made if need be, and tidies it. @throws ModelError when it cannot be read or written */
export async function openScoreFile(options: { directory: string; maxEntries: number }): Promise<ScoreFile> {
  const path = join(options.directory, fileName);
  const explain = (cause: unknown): never => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`the cache of the teacher cannot be used (${why}); free space or choose another folder`, {
      where: path,
      cause,
    });
  };
  const toText = (records: Iterable<readonly [string, TeacherScores]>) =>
    Array.from(records, ([key, scores]) => `${encodeScores(key, scores)}\n`).join('');
  let last: Promise<unknown> = Promise.resolve();
  try {
    await mkdir(options.directory, { recursive: true });
    const { entries, untidy } = await readScores(path, options.maxEntries);
    if (untidy) {
      const fresh = `${path}.${process.pid}.tmp`;
      await writeFile(fresh, '');
      for (const entry of entries) await appendFile(fresh, toText([entry]));
      await rename(fresh, path);
    }
    return {
      entries,
      append: (records) => {
        const written = last.then(() => appendFile(path, toText(records)));
        last = written.catch(() => undefined);
        return written.catch(explain);
      },
    };
  } catch (cause) {
    return explain(cause);
  }
}
