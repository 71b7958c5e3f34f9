import { join } from 'node:path';
import {
  createServerTextGenerator,
  separatePrefix,
  type TextGenerator,
  withFirstThoughtPrefix,
} from '@dgpo/distill/agent';
import { type ChatPolicy, createChatPolicy, type TeacherScores } from '@dgpo/distill/teachers';
import { type Policy, runEpisodes } from '@dgpo/envs';
import type { Tokenizer } from '@dgpo/lm';
import { ConfigError, createRandom, ModelError, type Trajectory } from '@dgpo/trajectory';
import { openEnvironment } from '../compute/open-environment.js';
import type { ScoredRow } from '../compute/scored-rows.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { hashValue } from '../run/stable-hash.js';
import { openTeacher } from '../teacher/open-teacher.js';
import { type Playground, type PlayOptions, requireSearches } from '../train/play-episodes.js';
import type { Workshop } from './workshop.js';

/** A teacher that is asked for scores instead of being named to the workers: behind a server, or a model here with hints. */
export interface ServerTeacher {
  kind: 'server' | 'hinted';
  /** Of a server, its address and its name: it does not say when its weights change. */
  key: string;
  /** As the server calls it. */
  name: string;
  /** Of the scored tokens of each row, at temperature 1. */
  scoreRows(rows: readonly ScoredRow[]): Promise<TeacherScores[]>;
  /** Plays tasks from this process, as `playEpisodes` does in the workers. */
  play(options: Omit<PlayOptions, 'policy' | 'pool' | 'executor'>): Promise<Trajectory[]>;
  /** Goes on with a conversation, as text. */
  generate: TextGenerator;
}

/** Whether a teacher is asked for scores. */
export const isServer = (teacher: object): teacher is ServerTeacher => 'kind' in teacher && 'scoreRows' in teacher;

/**
 * Plays tasks with a policy of this process.
 * @param failed episodes that the policy ended, by id: they say nothing about the search engine
 */
async function playHere(
  policy: Policy,
  options: Parameters<ServerTeacher['play']>[0],
  failed: ReadonlyMap<string, string> = new Map(),
): Promise<Trajectory[]> {
  const { retriever, environment: settings, tasks, samplesPerTask = 1, temperature, seed, signal } = options;
  const { batchSize = 64, prefixes, onProgress } = options;
  const opened = await openEnvironment({ settings, retriever });
  try {
    const episodes = await runEpisodes({
      environment: opened.environment,
      policy: prefixes === undefined ? policy : withFirstThoughtPrefix({ policy, prefixes }),
      tasks,
      samplesPerTask,
      temperature,
      seed,
      batchSize,
      signal,
    });
    onProgress?.(episodes.length);
    const answered = episodes.filter(({ id }) => !failed.has(id));
    requireSearches(answered, options);
    return prefixes === undefined ? episodes : episodes.map((episode) => separatePrefix(episode, policy));
  } finally {
    await opened.close();
  }
}

/** Turns in a row that a server may leave without an answer; then it counts as gone. */
const maxFailuresInARow = 5;

/** Plays tasks by chat completions. A turn without an answer ends its episode, not the others; what nobody measured stays out of them. */
async function playChat(policy: ChatPolicy, options: Parameters<ServerTeacher['play']>[0]): Promise<Trajectory[]> {
  const gone = (count: number, error: string) =>
    new ModelError(
      `${count} turns in a row had no answer, the last one: ${error}; mend the server, then go on with --resume`,
      { where: `teacher ${policy.name}` },
    );
  const failed = new Map<string, string>();
  let failuresInARow = 0;
  const watched: Policy = {
    ...policy,
    async generate(requests) {
      const results = await policy.generate(requests);
      results.forEach(({ error }, row) => {
        failuresInARow = error === undefined ? 0 : failuresInARow + 1;
        if (error === undefined) return;
        failed.set(requests[row]?.id ?? '', error);
        if (failuresInARow >= maxFailuresInARow) throw gone(failuresInARow, error);
      });
      return results;
    },
  };
  const episodes = await playHere(watched, options, failed);
  const [error] = failed.values();
  if (error !== undefined && failed.size === episodes.length) throw gone(failuresInARow, error);
  return episodes.map((episode) => ({
    ...episode,
    segments: episode.segments.map(({ logProbs: _, ...rest }) => rest),
  }));
}

/**
 * Opens the teacher of a recipe with `kind: server` and probes it, unless only text is asked of it.
 *
 * @throws ModelError when the server cannot be used, or its tokenizer is not the student's
 */
export async function openServerTeacher(options: {
  workshop: Pick<Workshop, 'pool' | 'run' | 'signal' | 'reporter'>;
  recipe: Pick<Recipe, 'teacher'>;
  /** Whether only text is asked of it, so that its tokens may be others than the student's. @default false */
  textOnly?: boolean;
  tokenizer: Tokenizer;
  playground: Pick<Playground, 'environment'>;
}): Promise<ServerTeacher> {
  const { workshop, recipe, textOnly = false, tokenizer, playground } = options;
  const { pool, run, signal, reporter } = workshop;
  const { teacher: settings } = recipe;
  const { url = '', api, name = '', apiKeyVariable } = settings;
  const server = {
    url,
    model: name,
    random: createRandom(0).split('teacher-text'),
    ...(apiKeyVariable === undefined ? {} : { apiKeyVariable }),
    ...(signal === undefined ? {} : { signal }),
  };
  const shared = {
    kind: 'server' as const,
    key: hashValue({ url, api, name }),
    name,
    generate: createServerTextGenerator(server),
  };
  if (textOnly) {
    const policy = createChatPolicy({
      ...server,
      continueFinalMessage: settings.continueFinalMessage,
      tokenizer: {
        encode: (text, encoding) => tokenizer.encode(text, encoding),
        decode: (ids) => tokenizer.decode(ids),
        maxContextTokens: playground.environment.maxContextTokens,
      },
    });
    return {
      ...shared,
      scoreRows: async () => {
        throw new ConfigError('gives text alone, and no scores', { where: 'teacher' });
      },
      play: (request) => playChat(policy, request),
    };
  }
  const { teacher, policy, probe } = await openTeacher({
    settings,
    pool,
    tokenizer,
    maxContextTokens: playground.environment.maxContextTokens,
    cacheDirectory: join(run.path, 'teacher-scores'),
    ...(signal === undefined ? {} : { signal }),
  });
  if (policy === undefined) throw new ConfigError('is no server', { where: 'teacher.kind' });
  reporter.line(`teacher ${settings.name} at ${settings.url}: tokenizer compared by ${probe?.tokenizer ?? 'nothing'}`);
  return {
    ...shared,
    scoreRows: (rows) => teacher.score(rows, signal === undefined ? {} : { signal }),
    play: (request) => playHere(policy, request),
  };
}
