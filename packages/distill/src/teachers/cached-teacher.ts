import { ConfigError } from '@dgpo/trajectory';
import { openScoreFile, type ScoreFile } from './score-file.js';
import { scoreKey } from './score-record.js';
import type { ScoreOptions, Teacher, TeacherRow, TeacherScores } from './teacher.js';

export interface CacheOptions {
  /**
   * Folder that keeps the answers for later runs; one process at a time writes there.
   * @default memory alone
   */
  directory?: string;
  /** Rows that are remembered; the one that was not asked for the longest goes first. @default 4096 */
  maxEntries?: number;
}

export interface CachedTeacherOptions extends CacheOptions {
  teacher: Teacher;
}

const copyOf = ({ logProbs, topK }: TeacherScores): TeacherScores => ({
  logProbs: logProbs.slice(),
  ...(topK === undefined
    ? {}
    : { topK: { k: topK.k, tokenIds: topK.tokenIds.slice(), logProbs: topK.logProbs.slice() } }),
});

/**
 * Asks a teacher once for each row. Answers are found by the SHA-256 of the teacher's name, `topK`, the token ids and the mask; a folder
 * outlives the process, and broken lines of its file are dropped. Clear it when other weights go by the same name.
 *
 * @throws ConfigError for `maxEntries` below 1. `score` throws what the teacher throws, and ModelError when the folder cannot be used.
 */
export function cachedTeacher({ teacher, directory, maxEntries = 4096 }: CachedTeacherOptions): Teacher {
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    throw new ConfigError(`must be an integer of at least 1, not ${maxEntries}`, { where: 'maxEntries' });
  }
  const { name, topK } = teacher;
  let opening: Promise<ScoreFile> | undefined;
  const open = (): Promise<ScoreFile> => {
    opening ??=
      directory === undefined
        ? Promise.resolve({ entries: new Map(), append: async () => undefined })
        : openScoreFile({ directory, maxEntries });
    return opening;
  };
  const remember = (entries: Map<string, TeacherScores>, key: string, scores: TeacherScores) => {
    entries.delete(key);
    entries.set(key, scores);
    const [oldest] = entries.keys();
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
  };

  return {
    ...teacher,
    async score(rows, options: ScoreOptions = {}) {
      const { entries, append } = await open();
      const keys = rows.map((row) => scoreKey({ name, topK, row }));
      const known = new Map<string, TeacherScores>();
      const missing = new Map<string, TeacherRow>();
      rows.forEach((row, index) => {
        const key = keys[index] as string;
        const scores = entries.get(key);
        if (scores === undefined) missing.set(key, row);
        else {
          known.set(key, scores);
          remember(entries, key, scores);
        }
      });
      if (missing.size > 0) {
        const answers = await teacher.score([...missing.values()], options);
        const records = [...missing.keys()].map(
          (key, index) => [key, copyOf(answers[index] as TeacherScores)] as const,
        );
        for (const [key, scores] of records) {
          known.set(key, scores);
          remember(entries, key, scores);
        }
        await append(records);
      }
      return keys.map((key) => copyOf(known.get(key) as TeacherScores));
    },
  };
}
