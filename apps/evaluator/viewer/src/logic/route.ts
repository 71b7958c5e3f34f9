import type { EpisodesQuery } from '../../../src/viewer/api.js';
import { isEndedBy, isSortKey } from '../../../src/viewer/query-words.js';
import { type ChannelName, isChannelName } from './token-channels.js';

/** What narrows and orders a list of episodes; without the run and the stretch of the list. */
export type EpisodeFilter = Omit<EpisodesQuery, 'run' | 'offset' | 'limit'>;

/** An episode by its run and its key in it. */
export interface EpisodeName {
  run: string;
  key: string;
}

/** A page, as the part of the address after `#`. */
export type Route =
  | { view: 'runs' }
  | { view: 'run'; run: string }
  | { view: 'episodes'; run: string; filter: EpisodeFilter }
  | { view: 'episode'; run: string; key: string; channel: ChannelName | null }
  /** Several runs side by side: their tables and pairs. */
  | { view: 'compare'; runs: string[] }
  /** Two episodes side by side. */
  | { view: 'pair'; first: EpisodeName; second: EpisodeName; channel: ChannelName | null }
  | { view: 'unknown'; hash: string };

const textLists = ['cause', 'environment', 'set', 'group', 'policy', 'stage'] as const;
const counts = ['minSearches', 'maxSearches'] as const;

/** A whole number from 0, or nothing. */
const parseCount = (text: string | null): number | undefined =>
  text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** Reads a filter; what makes no sense is left out, since an address may be typed by hand. */
export function parseFilter(parameters: URLSearchParams): EpisodeFilter {
  const filter: EpisodeFilter = {};
  const search = parameters.get('search')?.trim() ?? '';
  if (search !== '') filter.search = search;
  const correct = parameters.get('correct');
  if (correct === 'true' || correct === 'false') filter.correct = correct === 'true';
  const endedBy = parameters.getAll('endedBy').filter(isEndedBy);
  if (endedBy.length > 0) filter.endedBy = endedBy;
  for (const name of textLists) {
    const values = parameters.getAll(name);
    if (values.length > 0) filter[name] = values;
  }
  const steps = parameters.getAll('step').flatMap((text) => parseCount(text) ?? []);
  if (steps.length > 0) filter.step = steps;
  for (const name of counts) {
    const count = parseCount(parameters.get(name));
    if (count !== undefined) filter[name] = count;
  }
  const other = parameters.get('disagreesWith');
  if (other !== null && other !== '') filter.disagreesWith = other;
  const sort = parameters.get('sort');
  if (sort !== null && isSortKey(sort) && sort !== 'order') filter.sort = sort;
  if (parameters.get('descending') === 'true') filter.descending = true;
  return filter;
}

/** The parameters of a filter or of a whole query, the inverse of {@link parseFilter}; lists repeat their name. */
export function toParameters(query: Partial<EpisodesQuery>): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    for (const part of Array.isArray(value) ? value : [value]) parameters.append(name, String(part));
  }
  return parameters;
}

/** Reads the part of an address after `#`. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  const parameters = new URLSearchParams(mark === -1 ? '' : text.slice(mark + 1));
  const run = parameters.get('run');
  const key = parameters.get('key');
  const channel = parameters.get('channel') ?? '';
  const chosen = isChannelName(channel) ? channel : null;
  if (path === '' || path === '/') return { view: 'runs' };
  if (path === '/compare') return { view: 'compare', runs: [...new Set(parameters.getAll('run'))].slice(0, 8) };
  if (run !== null && path === '/run') return { view: 'run', run };
  if (run !== null && path === '/episodes') return { view: 'episodes', run, filter: parseFilter(parameters) };
  if (run !== null && key !== null) {
    if (path === '/episode') return { view: 'episode', run, key, channel: chosen };
    const [otherRun, otherKey] = [parameters.get('otherRun'), parameters.get('otherKey')];
    if (path === '/pair' && otherRun !== null && otherKey !== null) {
      return { view: 'pair', first: { run, key }, second: { run: otherRun, key: otherKey }, channel: chosen };
    }
  }
  return { view: 'unknown', hash };
}

/** The address of a route, the inverse of {@link parseRoute}. */
export function toHash(route: Route): string {
  const withParameters = (path: string, entries: readonly (readonly [string, string | null])[]) => {
    const kept = entries.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    return `#${path}?${new URLSearchParams(kept)}`;
  };
  switch (route.view) {
    case 'runs':
      return '#/';
    case 'run':
      return withParameters('/run', [['run', route.run]]);
    case 'episodes':
      return `#/episodes?${toParameters({ run: route.run, ...route.filter })}`;
    case 'episode':
      return withParameters('/episode', [
        ['run', route.run],
        ['key', route.key],
        ['channel', route.channel],
      ]);
    case 'compare':
      return route.runs.length === 0
        ? '#/compare'
        : withParameters(
            '/compare',
            route.runs.map((run) => ['run', run]),
          );
    case 'pair':
      return withParameters('/pair', [
        ['run', route.first.run],
        ['key', route.first.key],
        ['otherRun', route.second.run],
        ['otherKey', route.second.key],
        ['channel', route.channel],
      ]);
    default:
      return route.hash;
  }
}
