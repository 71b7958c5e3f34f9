import { DatasetError, type Trajectory, trajectorySchema } from '@dgpo/trajectory';
import { stageEpisodes } from './episode-file.js';
import { readAt } from './read-at.js';
import type { ServedFolder } from './served-folder.js';
import type { PlacedEpisode } from './viewer-run.js';

/** Reads whole episodes from where the index says they lie. @throws DatasetError where the file is another by now, or damaged. */
export type EpisodeReader = (placed: PlacedEpisode) => Promise<Trajectory>;

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null;

/** A record of a trajectory file; stages write `goldenAnswers`, files `golden_answers`. */
export function toRecord(value: unknown): unknown {
  if (!isObject(value) || !isObject(value.task) || !('goldenAnswers' in value.task)) return value;
  const { goldenAnswers, ...task } = value.task;
  return { ...value, task: { ...task, golden_answers: goldenAnswers } };
}

export function createEpisodeReader(folder: ServedFolder): EpisodeReader {
  /** The file of a stage that was read last: it is one value, and its episodes are looked at one after another. */
  let stage: { path: string; version: number; values: unknown[] } | undefined;

  const readStage = async ({ file }: PlacedEpisode): Promise<unknown[]> => {
    const { path } = file.source;
    const { version } = file.file;
    if (stage?.path === path && stage.version === version) return stage.values;
    const handle = await folder.open(path);
    try {
      const bytes = await readAt(handle, 0, file.file.bytesTotal);
      const values = (stageEpisodes(JSON.parse(bytes.toString('utf8'))) ?? []).map(({ value }) => value);
      stage = { path, version, values };
      return values;
    } finally {
      await handle.close();
    }
  };
  const readLine = async ({ file, episode }: PlacedEpisode): Promise<unknown> => {
    const handle = await folder.open(file.source.path);
    try {
      const bytes = await readAt(handle, episode.offset, episode.length);
      return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
    } finally {
      await handle.close();
    }
  };

  return async (placed) => {
    const { file, episode } = placed;
    const where = `${file.source.path}:${episode.line}`;
    let value: unknown;
    try {
      value = file.source.format === 'stage' ? (await readStage(placed))[episode.line - 1] : await readLine(placed);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new DatasetError('the file has changed; load the page again', { where, cause });
    }
    if (!isObject(value) || value.id !== episode.id) {
      throw new DatasetError('the file has changed; load the page again', { where });
    }
    const parsed = trajectorySchema.safeParse(toRecord(value));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new DatasetError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no trajectory'}`, { where });
  };
}
