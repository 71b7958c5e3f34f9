import { followLines } from './follow-lines.js';
import { followValue } from './follow-value.js';
import type { FollowedFile } from './followed-file.js';
import { type IndexedEpisode, indexEpisode } from './indexed-episode.js';
import { type ResultSet, readSets } from './results-file.js';
import type { ServedFolder } from './served-folder.js';

/** Where episodes of a run lie. */
export interface EpisodeSource {
  /** Relative to the folder that is served. */
  path: string;
  /** Relative to the run; keys of episodes begin with it. */
  name: string;
  /** `lines`: a trajectory file; `stage`: `evaluation.json` of a stage, one object with all sets. */
  format: 'lines' | 'stage';
  /** Set of questions, where the file is of one. */
  set: string | null;
  /** Stage and update of a training, where the name of the file says so. */
  stage: string | null;
  step: number | null;
}

/** A file of episodes and what is indexed of it by now. */
export interface EpisodeFile {
  readonly source: EpisodeSource;
  readonly file: FollowedFile;
  /** By line. */
  readonly episodes: IndexedEpisode[];
  /** Figures that a stage recorded beside its episodes. */
  readonly sets: ResultSet[];
}

const setsOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'sets' in value ? value.sets : undefined;

/** The episodes of a parsed `evaluation.json`, each with its set; undefined where it is no such file. */
export function stageEpisodes(value: unknown): { value: unknown; set: string | null }[] | undefined {
  const sets = setsOf(value);
  if (!Array.isArray(sets)) return undefined;
  return sets.flatMap((set: unknown) => {
    if (typeof set !== 'object' || set === null || !('trajectories' in set)) return [];
    const name = 'name' in set && typeof set.name === 'string' ? set.name : null;
    return Array.isArray(set.trajectories) ? set.trajectories.map((value: unknown) => ({ value, set: name })) : [];
  });
}

/** Indexes a file of episodes and follows it. */
export function createEpisodeFile(folder: ServedFolder, source: EpisodeSource): EpisodeFile {
  const episodes: IndexedEpisode[] = [];
  const sets: ResultSet[] = [];
  const reset = () => {
    episodes.splice(0);
    sets.splice(0);
  };
  const shared = { folder, path: source.path, reset };
  const { set } = source;
  const file =
    source.format === 'lines'
      ? followLines({
          ...shared,
          accept: (value, place) => {
            const episode = indexEpisode(value, { ...place, set });
            if (typeof episode === 'string') return episode;
            episodes.push(episode);
            return undefined;
          },
        })
      : followValue({
          ...shared,
          accept: (value) => {
            const problems: string[] = [];
            const found = stageEpisodes(value);
            if (found === undefined) return 'is no evaluation of a stage: it has no sets';
            sets.push(...readSets(setsOf(value)));
            for (const [index, { value: trajectory, set: name }] of found.entries()) {
              const place = { line: index + 1, offset: 0, length: 0, set: name };
              const episode = indexEpisode(trajectory, place);
              if (typeof episode === 'string') problems.push(`episode ${index + 1}: ${episode}`);
              else episodes.push(episode);
            }
            const [first] = problems;
            return first === undefined ? undefined : `${problems.length} episodes cannot be read; ${first}`;
          },
        });
  return { source, file, episodes, sets };
}
