import type { EpisodesQuery } from './api.js';
import { endings, isEndedBy, isSortKey, sortKeys } from './query-words.js';
import { ViewerError } from './viewer-error.js';

const longestSearch = 500;
const longestList = 100;

/** The value of a parameter that must be there. @throws ViewerError 400 */
export function requireParameter(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value === null || value === '') throw new ViewerError(400, `${name}: is missing`);
  return value;
}

/** An integer within limits; undefined where there is none. @throws ViewerError 400 */
export function integerParameter(
  parameters: URLSearchParams,
  name: string,
  { least = 0, most }: { least?: number; most: number },
): number | undefined {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < least || value > most) {
    throw new ViewerError(400, `${name}: must be an integer from ${least} to ${most}`);
  }
  return value;
}

/** All values of a parameter that may be repeated. @throws ViewerError 400 */
export function listParameter(parameters: URLSearchParams, name: string, most = longestList): string[] {
  const values = parameters.getAll(name);
  if (values.length > most) throw new ViewerError(400, `${name}: at most ${most} values`);
  return values;
}

function booleanParameter(parameters: URLSearchParams, name: string): boolean | undefined {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  if (text !== 'true' && text !== 'false') throw new ViewerError(400, `${name}: must be true or false`);
  return text === 'true';
}

const most = Number.MAX_SAFE_INTEGER;

/** Reads the query of `/api/episodes`. @throws ViewerError 400, naming the parameter */
export function parseEpisodesQuery(parameters: URLSearchParams): EpisodesQuery {
  const search = parameters.get('search') ?? '';
  if (search.length > longestSearch) throw new ViewerError(400, `search: at most ${longestSearch} characters`);
  const endedBy = listParameter(parameters, 'endedBy').map((value) => {
    if (!isEndedBy(value)) throw new ViewerError(400, `endedBy: must be one of ${endings.join(', ')}`);
    return value;
  });
  const sort = parameters.get('sort') ?? 'order';
  if (!isSortKey(sort)) throw new ViewerError(400, `sort: must be one of ${sortKeys.join(', ')}`);
  const step = listParameter(parameters, 'step').map((text) => {
    if (!/^\d{1,15}$/.test(text)) throw new ViewerError(400, 'step: must be an integer');
    return Number(text);
  });
  const correct = booleanParameter(parameters, 'correct');
  const minSearches = integerParameter(parameters, 'minSearches', { most });
  const maxSearches = integerParameter(parameters, 'maxSearches', { most });
  const disagreesWith = parameters.get('disagreesWith');
  return {
    run: requireParameter(parameters, 'run'),
    search,
    endedBy,
    cause: listParameter(parameters, 'cause'),
    environment: listParameter(parameters, 'environment'),
    set: listParameter(parameters, 'set'),
    group: listParameter(parameters, 'group'),
    policy: listParameter(parameters, 'policy'),
    stage: listParameter(parameters, 'stage'),
    step,
    sort,
    descending: booleanParameter(parameters, 'descending') ?? false,
    offset: integerParameter(parameters, 'offset', { most }) ?? 0,
    limit: integerParameter(parameters, 'limit', { least: 1, most: 500 }) ?? 100,
    ...(correct === undefined ? {} : { correct }),
    ...(minSearches === undefined ? {} : { minSearches }),
    ...(maxSearches === undefined ? {} : { maxSearches }),
    ...(disagreesWith === null || disagreesWith === '' ? {} : { disagreesWith }),
  };
}
