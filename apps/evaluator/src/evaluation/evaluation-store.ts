import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DatasetError, encodeTask } from '@dgpo/trajectory';
import { isRecord } from '../is-record.js';
import { createMemoryLog, type EpisodeLog, openEpisodeLog, setFolder } from './episode-log.js';
import type { QuestionSet } from './question-set.js';

/** Where the episodes of an evaluation are kept while it goes on. */
export interface EvaluationStore {
  /** Called once, before the first episode. @throws ConfigError when what is kept there is of other settings or other questions */
  begin(about: { settings: Readonly<Record<string, unknown>>; sets: readonly QuestionSet[] }): Promise<void>;
  open(set: QuestionSet): Promise<EpisodeLog>;
}

/** Keeps nothing beyond the process. */
export const memoryStore: EvaluationStore = {
  begin: async () => undefined,
  open: async () => createMemoryLog(),
};

interface StoredSettings {
  settings: Record<string, unknown>;
  /** SHA-256 over the questions of each set. */
  questions: Record<string, { count: number; sha256: string }>;
}

const settingsName = 'settings.json';

function questionsOf({ tasks }: QuestionSet): StoredSettings['questions'][string] {
  const hash = createHash('sha256');
  for (const task of tasks) hash.update(`${JSON.stringify(encodeTask(task))}\n`);
  return { count: tasks.length, sha256: hash.digest('hex') };
}

async function readSettings(where: string): Promise<StoredSettings | undefined> {
  let text: string;
  try {
    text = await readFile(where, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new DatasetError('cannot be read', { where, cause });
  }
  try {
    const stored: unknown = JSON.parse(text);
    if (isRecord(stored) && stored.formatVersion === 1 && isRecord(stored.settings) && isRecord(stored.questions)) {
      return stored as unknown as StoredSettings;
    }
  } catch {
    // Said below.
  }
  throw new DatasetError('is damaged; remove the folder to evaluate anew', { where });
}

const shown = (value: unknown) => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** The first place at which two values differ, such as `environment.topK`. */
function difference(there: unknown, here: unknown, path = ''): string | undefined {
  if (JSON.stringify(there) === JSON.stringify(here)) return undefined;
  if (isRecord(there) && isRecord(here)) {
    for (const key of new Set([...Object.keys(there), ...Object.keys(here)])) {
      const found = difference(there[key], here[key], path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return `${path} is ${shown(there)} there and ${shown(here)} in this command`;
}

const advice = 'give another --out, or remove this one to evaluate anew';

/**
 * Keeps episodes in a folder: `settings.json` says what they depend on, `<set>/` holds those of a set. An evaluation of the same settings
 * goes on where the last one stopped; further sets may join it by a command that names the stored ones too.
 */
export function createFolderStore(directory: string): EvaluationStore {
  return {
    async begin({ settings, sets }) {
      const where = join(directory, settingsName);
      const stored = await readSettings(where);
      const questions = Object.fromEntries(sets.map((set) => [setFolder(set.name), questionsOf(set)]));
      if (Object.keys(questions).length < sets.length) {
        throw new ConfigError('two sets would lie in one folder; give them names that differ in letters or digits', {
          where: directory,
        });
      }
      const plain: unknown = JSON.parse(JSON.stringify(settings));
      const differs = stored === undefined ? undefined : difference(stored.settings, plain);
      if (differs !== undefined) {
        throw new ConfigError(`holds episodes of other settings: ${differs}; ${advice}`, { where: directory });
      }
      const missing = Object.keys(stored?.questions ?? {}).filter((set) => questions[set] === undefined);
      if (missing.length > 0) {
        throw new ConfigError(
          `holds ${missing.join(', ')} too, and results are of all sets of a folder: name these again beside the new ones, or ${advice}`,
          { where: directory },
        );
      }
      for (const [set, { count, sha256 }] of Object.entries(questions)) {
        const there = stored?.questions[set];
        if (there === undefined || there.sha256 === sha256) continue;
        throw new ConfigError(
          `holds episodes of other questions of ${set} (${there.count} there, ${count} in this command); ${advice}`,
          { where: directory },
        );
      }
      const all = { formatVersion: 1, settings: plain, questions: { ...stored?.questions, ...questions } };
      try {
        await mkdir(directory, { recursive: true });
        await writeFile(`${where}.part`, `${JSON.stringify(all, null, 2)}\n`);
        await rename(`${where}.part`, where);
      } catch (cause) {
        throw new DatasetError('cannot be written', { where, cause });
      }
    },
    open: (set) => openEpisodeLog(join(directory, setFolder(set.name))),
  };
}
