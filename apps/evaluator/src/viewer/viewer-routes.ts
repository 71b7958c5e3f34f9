import { isDgpoError } from '@dgpo/trajectory';
import type {
  EpisodeReply,
  EpisodesQuery,
  EpisodesReply,
  Facets,
  MetricsReply,
  RunsReply,
  SameQuestionReply,
  TablesReply,
} from './api.js';
import { downsample } from './downsample.js';
import { episodeDetail } from './episode-detail.js';
import { integerParameter, listParameter, parseEpisodesQuery, requireParameter } from './parse-query.js';
import { episodeRow, facetsOf, queryEpisodes, questionKey } from './query-episodes.js';
import { nameOf, pairedCounts, resultTables } from './result-tables.js';
import { createTokenSplitter } from './run-tokenizers.js';
import { readTokenRecord, type TokenRecord } from './token-records.js';
import { ViewerError } from './viewer-error.js';
import {
  episodeCount,
  episodesVersion,
  findEpisode,
  folderOf,
  followedFiles,
  keyOf,
  type PlacedEpisode,
  problemsOf,
  progressOf,
  summarizeRun,
  type ViewerRun,
} from './viewer-run.js';
import type { Workspace } from './workspace.js';

/** Answers of the API by path, each from the query of the request. */
type ViewerRoutes = ReadonlyMap<string, (parameters: URLSearchParams) => Promise<object>>;

const mostRuns = 8;
const mostOthers = 200;
const rememberedQueries = 8;

/** Remembers the last results, so that the pages of one list are found once. */
function createMemory<Value>(size: number): (key: string, make: () => Value) => Value {
  const values = new Map<string, Value>();
  return (key, make) => {
    const value = values.get(key) ?? make();
    values.delete(key);
    values.set(key, value);
    const [oldest] = values.keys();
    if (values.size > size && oldest !== undefined) values.delete(oldest);
    return value;
  };
}

function getRun(workspace: Workspace, id: string): ViewerRun {
  const run = workspace.run(id);
  if (run === undefined) throw new ViewerError(404, `there is no run ${id}`);
  return run;
}

function getEpisode(workspace: Workspace, parameters: URLSearchParams) {
  const run = getRun(workspace, requireParameter(parameters, 'run'));
  const key = requireParameter(parameters, 'key');
  const found = findEpisode(run, key);
  if (found === undefined) throw new ViewerError(404, `there is no episode ${key}`);
  return { run, placed: found };
}

/** The answers that a workspace gives. */
export function viewerRoutes(workspace: Workspace): ViewerRoutes {
  const splitTokens = createTokenSplitter(workspace.folder);
  const rememberFound = createMemory<PlacedEpisode[]>(rememberedQueries);
  const rememberFacets = createMemory<Facets>(rememberedQueries);

  const runs = async (): Promise<RunsReply> => ({
    directory: workspace.folder.path,
    runs: workspace.runs().map(summarizeRun),
    problems: [...workspace.problems()],
  });

  const metrics = async (parameters: URLSearchParams): Promise<MetricsReply> => {
    const run = getRun(workspace, requireParameter(parameters, 'run'));
    const points = integerParameter(parameters, 'points', { least: 2, most: 5000 }) ?? 500;
    const wanted = new Set(listParameter(parameters, 'name', 1000));
    const all = run.metrics.flatMap(({ series }) => [...series.values()]);
    const chosen = wanted.size === 0 ? all : all.filter(({ name }) => wanted.has(name));
    return {
      run: run.found.id,
      names: [...new Set(all.map(({ name }) => name))],
      series: chosen.map((series) => downsample(series, points)),
      ...problemsOf(run.metrics),
    };
  };

  const tables = async (parameters: URLSearchParams): Promise<TablesReply> => {
    const ids = [...new Set(listParameter(parameters, 'run', mostRuns))];
    if (ids.length === 0) throw new ViewerError(400, 'run: is missing');
    const chosen = ids.map((id) => getRun(workspace, id));
    const [first, ...others] = chosen;
    return {
      runs: ids,
      tables: resultTables(chosen),
      comparisons: first === undefined ? [] : others.map((other) => pairedCounts(first, other)),
    };
  };

  const find = (run: ViewerRun, query: EpisodesQuery): PlacedEpisode[] => {
    const { offset: _, limit: __, disagreesWith, ...decisive } = query;
    const other = disagreesWith === undefined ? undefined : getRun(workspace, disagreesWith);
    const version = [run, ...(other === undefined ? [] : [other])].map(episodesVersion);
    const key = JSON.stringify([decisive, disagreesWith, version]);
    return rememberFound(key, () => queryEpisodes({ run, query, other }));
  };

  const episodes = async (parameters: URLSearchParams): Promise<EpisodesReply> => {
    const query = parseEpisodesQuery(parameters);
    const run = getRun(workspace, query.run);
    await workspace.prefer(run);
    const { offset = 0, limit = 100 } = query;
    const found = find(run, query);
    return {
      run: query.run,
      total: found.length,
      episodes: episodeCount(run),
      offset,
      rows: found.slice(offset, offset + limit).map(episodeRow),
      facets: rememberFacets(`${query.run}\n${episodesVersion(run)}`, () => facetsOf(run)),
      progress: progressOf(run),
      ...problemsOf(followedFiles(run).filter(({ path }) => run.files.some(({ source }) => source.path === path))),
    };
  };

  /** What was recorded of the tokens of an episode in the file beside its trace. */
  const tokenRecord = async (
    run: ViewerRun,
    placed: PlacedEpisode,
    index: number,
  ): Promise<TokenRecord | undefined> => {
    const path = placed.file.source.path.replace(/\.jsonl$/, '.tokens.jsonl');
    if (!run.found.tokenFiles.includes(path)) return undefined;
    return readTokenRecord({ folder: workspace.folder, path, id: placed.episode.id, index }).catch(() => undefined);
  };

  const episode = async (parameters: URLSearchParams): Promise<EpisodeReply> => {
    const { run, placed } = getEpisode(workspace, parameters);
    const { file, index } = placed;
    const trajectory = await workspace.readEpisode(placed).catch((error: unknown) => {
      throw isDgpoError(error) ? new ViewerError(404, error.message) : error;
    });
    const parent = run.found.parent === null ? undefined : workspace.run(run.found.parent);
    const places = [run, ...(parent === undefined ? [] : [parent])].map(({ found }) => folderOf(found));
    const keyAt = (place: number) => {
      const neighbour = file.episodes[place];
      return neighbour === undefined ? null : keyOf({ file, episode: neighbour });
    };
    return {
      run: run.found.id,
      runName: nameOf(run),
      row: episodeRow(placed),
      ...episodeDetail({
        trajectory,
        texts: await splitTokens({ places, segments: trajectory.segments }),
        record: await tokenRecord(run, placed, index),
      }),
      previous: keyAt(index - 1),
      next: keyAt(index + 1),
    };
  };

  const sameQuestion = async (parameters: URLSearchParams): Promise<SameQuestionReply> => {
    const { run, placed } = getEpisode(workspace, parameters);
    const wanted = questionKey(placed.episode);
    const others: SameQuestionReply['episodes'] = [];
    for (const one of [run, ...workspace.runs().filter((candidate) => candidate !== run)]) {
      for (const file of one.files) {
        for (const candidate of file.episodes) {
          if (others.length >= mostOthers) break;
          if (candidate === placed.episode || questionKey(candidate) !== wanted) continue;
          others.push({ run: one.found.id, runName: nameOf(one), row: episodeRow({ file, episode: candidate }) });
        }
      }
    }
    return { taskId: placed.episode.taskId, question: placed.episode.question, episodes: others };
  };

  return new Map<string, (parameters: URLSearchParams) => Promise<object>>([
    ['/api/runs', runs],
    ['/api/metrics', metrics],
    ['/api/tables', tables],
    ['/api/episodes', episodes],
    ['/api/episode', episode],
    ['/api/same-question', sameQuestion],
  ]);
}
