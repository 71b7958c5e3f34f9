import { attributeCause } from '@dgpo/arc';
import type { Trajectory } from '@dgpo/trajectory';
import { type EpisodeFile, stageEpisodes } from './episode-file.js';
import { toRecord } from './episode-reader.js';
import type { IndexedEpisode } from './indexed-episode.js';
import { readAt } from './read-at.js';
import type { ServedFolder } from './served-folder.js';

const most = { episodes: 500, bytes: 4 << 20 };

/** The cause of a failure; null where there is none, or the episode is too odd to tell. */
function causeOf(value: unknown): string | null {
  try {
    const { task, ...rest } = toRecord(value) as Omit<Trajectory, 'task'> & { task: { golden_answers: string[] } };
    // The index has looked at the outline; a schema over every token would take ten times as long as the cause.
    const trajectory = { ...rest, task: { ...task, goldenAnswers: task.golden_answers } } as unknown as Trajectory;
    return attributeCause(trajectory)?.name ?? null;
  } catch {
    return null;
  }
}

/** The value of a line; undefined where it is none by now. */
function parseLine(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** Finds the causes of the next failures of a file, some at a time, in one read. */
interface CauseFinder {
  /** False where every cause of the file is known. */
  advance(file: EpisodeFile): Promise<boolean>;
}

export function createCauseFinder(folder: ServedFolder): CauseFinder {
  /** Episodes of a file, from its start, whose cause is known, and the last of them. */
  const known = new WeakMap<EpisodeFile, { count: number; last: IndexedEpisode | undefined }>();

  async function ofStage(file: EpisodeFile): Promise<void> {
    const handle = await folder.open(file.source.path);
    try {
      const text = (await readAt(handle, 0, file.file.bytesTotal)).toString('utf8');
      const values = stageEpisodes(JSON.parse(text)) ?? [];
      for (const episode of file.episodes) {
        if (episode.cause === undefined) episode.cause = causeOf(values[episode.line - 1]?.value);
      }
    } finally {
      await handle.close();
    }
  }

  async function ofLines(file: EpisodeFile, batch: readonly IndexedEpisode[]): Promise<void> {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) return;
    const handle = await folder.open(file.source.path);
    try {
      const bytes = await readAt(handle, first.offset, last.offset + last.length - first.offset);
      for (const episode of batch) {
        if (episode.cause !== undefined) continue;
        const start = episode.offset - first.offset;
        episode.cause = causeOf(parseLine(bytes.toString('utf8', start, start + episode.length)));
      }
    } finally {
      await handle.close();
    }
  }

  return {
    advance: async (file) => {
      const { episodes } = file;
      const { count, last } = known.get(file) ?? { count: 0, last: undefined };
      // Another episode in its place: the file was read anew.
      let from = episodes[count - 1] === last ? count : 0;
      while (from < episodes.length && episodes[from]?.cause !== undefined) from += 1;
      known.set(file, { count: from, last: episodes[from - 1] });
      const first = episodes[from];
      if (first === undefined) return false;
      let to = from;
      while (to < episodes.length && to - from < most.episodes) {
        const episode = episodes[to];
        if (episode === undefined || (to > from && episode.offset + episode.length - first.offset > most.bytes)) break;
        to += 1;
      }
      const batch = episodes.slice(from, to);
      try {
        await (file.source.format === 'stage' ? ofStage(file) : ofLines(file, batch));
      } catch {
        // Cut or replaced since: it is read anew soon.
      }
      for (const episode of batch) episode.cause ??= null;
      return true;
    },
  };
}
