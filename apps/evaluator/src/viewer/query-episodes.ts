import type { EpisodeRow, EpisodesQuery, Facets, FacetValue, SortKey } from './api.js';
import type { IndexedEpisode } from './indexed-episode.js';
import { keyOf, type PlacedEpisode, type ViewerRun } from './viewer-run.js';

/** Two episodes are of one question where id and wording agree. */
export const questionKey = ({ taskId, question }: IndexedEpisode): string => `${taskId}\n${question}`;

/** Whether the first episode on each question is right. */
export function firstVerdicts(run: ViewerRun): Map<string, boolean> {
  const verdicts = new Map<string, boolean>();
  for (const { episodes } of run.files) {
    for (const episode of episodes) {
      const key = questionKey(episode);
      if (!verdicts.has(key)) verdicts.set(key, episode.correct);
    }
  }
  return verdicts;
}

/** Words of a search, and what stands in quotes as one, in lower case. */
function searchTerms(text: string): string[] {
  return [...text.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word);
}

type Test = (placed: PlacedEpisode) => boolean;

/** True where the list is empty or absent, or holds the value. */
function oneOf<Value>(wanted: readonly Value[] | undefined, pick: (placed: PlacedEpisode) => Value | null): Test[] {
  if (wanted === undefined || wanted.length === 0) return [];
  const values = new Set<Value | null>(wanted);
  return [(placed) => values.has(pick(placed))];
}

/** The conditions of a query; `other` is the run of `disagreesWith`. */
function conditions(query: EpisodesQuery, other: ViewerRun | undefined): Test[] {
  const terms = searchTerms(query.search ?? '');
  const { correct, minSearches = 0, maxSearches = Number.POSITIVE_INFINITY } = query;
  const verdicts = other === undefined ? undefined : firstVerdicts(other);
  return [
    ...(correct === undefined ? [] : [({ episode }: PlacedEpisode) => episode.correct === correct]),
    ...oneOf(query.endedBy, ({ episode }) => episode.endedBy),
    ...oneOf(query.cause, ({ episode }) => episode.cause ?? null),
    ...oneOf(query.environment, ({ episode }) => episode.environment),
    ...oneOf(query.set, ({ episode }) => episode.set),
    ...oneOf(query.group, ({ episode }) => episode.group),
    ...oneOf(query.policy, ({ episode }) => episode.policy),
    ...oneOf(query.stage, ({ file }) => file.source.stage),
    ...oneOf(query.step, ({ file }) => file.source.step),
    ({ episode: { searches } }) => searches >= minSearches && searches <= maxSearches,
    ...terms.map(
      (term): Test =>
        ({ episode }) =>
          episode.searchable.includes(term),
    ),
    ...(verdicts === undefined
      ? []
      : [({ episode }: PlacedEpisode) => verdicts.get(questionKey(episode)) === !episode.correct]),
  ];
}

const sortValues: Record<Exclude<SortKey, 'order'>, (placed: PlacedEpisode) => number | string> = {
  question: ({ episode }) => episode.searchable,
  correct: ({ episode }) => Number(episode.correct),
  reward: ({ episode }) => episode.reward,
  searches: ({ episode }) => episode.searches,
  tokens: ({ episode }) => episode.policyTokens ?? -1,
  step: ({ file }) => file.source.step ?? -1,
};

/** The episodes of a run that meet a query, sorted; equal ones stay in the order of the files. */
export function queryEpisodes(options: {
  run: ViewerRun;
  query: EpisodesQuery;
  /** The run of `disagreesWith`. */
  other?: ViewerRun | undefined;
}): PlacedEpisode[] {
  const { run, query, other } = options;
  const tests = conditions(query, other);
  const found: PlacedEpisode[] = [];
  for (const file of run.files) {
    for (const episode of file.episodes) {
      const placed = { file, episode };
      if (tests.every((test) => test(placed))) found.push(placed);
    }
  }
  const { sort = 'order', descending = false } = query;
  if (sort === 'order') return descending ? found.reverse() : found;
  const value = sortValues[sort];
  const sign = descending ? -1 : 1;
  const sorted = found.map((placed) => ({ placed, by: value(placed) }));
  sorted.sort((a, b) => (a.by < b.by ? -sign : a.by > b.by ? sign : 0));
  return sorted.map(({ placed }) => placed);
}

/** What a list shows of an episode. */
export function episodeRow(placed: PlacedEpisode): EpisodeRow {
  const { line: _, offset: __, length: ___, searchable: ____, cause, ...shown } = placed.episode;
  const { stage, step } = placed.file.source;
  return { key: keyOf(placed), ...shown, cause: cause ?? null, stage, step };
}

const mostValues = 200;

/** Counts of the values that episodes can be filtered by. */
export function facetsOf(run: ViewerRun): Facets {
  const names = ['endedBy', 'cause', 'environment', 'set', 'group', 'policy', 'stage', 'step'] as const;
  const counts = new Map(names.map((name) => [name, new Map<string, number>()]));
  const count = (name: (typeof names)[number], value: string | number | null | undefined, by = 1) => {
    if (value === null || value === undefined) return;
    const own = counts.get(name);
    own?.set(String(value), (own.get(String(value)) ?? 0) + by);
  };
  let maxSearches = 0;
  for (const { source, episodes } of run.files) {
    count('stage', source.stage, episodes.length);
    count('step', source.step, episodes.length);
    for (const episode of episodes) {
      count('endedBy', episode.endedBy);
      count('cause', episode.cause);
      count('environment', episode.environment);
      count('set', episode.set);
      count('group', episode.group);
      count('policy', episode.policy);
      maxSearches = Math.max(maxSearches, episode.searches);
    }
  }
  const values = (name: (typeof names)[number]): FacetValue[] => {
    const list = [...(counts.get(name) ?? [])].map(([value, number]) => ({ value, count: number }));
    const sorted = list.sort((a, b) => (name === 'step' ? Number(a.value) - Number(b.value) : b.count - a.count));
    return sorted.slice(0, mostValues);
  };
  return {
    endedBy: values('endedBy'),
    cause: values('cause'),
    environment: values('environment'),
    set: values('set'),
    group: values('group'),
    policy: values('policy'),
    stage: values('stage'),
    step: values('step'),
    maxSearches,
  };
}
