import {
  createServerPolicy,
  createServerTeacher,
  probeTeacher,
  type Teacher,
  type TeacherProbe,
} from '@dgpo/distill/teachers';
import type { Policy } from '@dgpo/envs';
import { loadTokenizer, type Tokenizer } from '@dgpo/lm';
import { ConfigError, createRandom } from '@dgpo/trajectory';
import type { ComputePool } from '../compute/pool.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { createPoolTeacher } from './create-pool-teacher.js';
import { requireSameIds } from './require-same-ids.js';

export interface OpenTeacherOptions {
  /** The section `teacher` of a recipe. */
  settings: Recipe['teacher'];
  /** Scores a teacher on this machine. */
  pool: Pick<ComputePool, 'run'>;
  /** Its name in the workers. @default 'teacher' */
  model?: string;
  /** The student's. */
  tokenizer: Tokenizer;
  /** The student's chat template, to be compared with the server's. @default not compared */
  renderChat?: Policy['renderChat'];
  /** Longest sequence of an episode; the server needs one token more. */
  maxContextTokens: number;
  /** Tags of the action protocol; each is one token. @default [] */
  specialTokens?: readonly string[];
  /** A text that the teacher knows, for servers without `/tokenize`. @default an English paragraph */
  probeText?: string;
  /** Of the log-probabilities of a teacher on this machine; a server's are those of 1. @default 1 */
  temperature?: number;
  /** Folder that keeps a server's answers for later runs. @default none are kept */
  cacheDirectory?: string;
  /** Where the key of a server is looked up. @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
}

export interface OpenedTeacher {
  teacher: Teacher;
  /** Plays episodes as the server's model, token in and token out; absent for a teacher on this machine, which the workers play. */
  policy?: Policy;
  /** What was compared with the server. */
  probe?: TeacherProbe;
}

/**
 * The teacher of a recipe. One behind a server is probed first: its tokenizer, tags, template and vocabulary have to be the student's.
 *
 * @throws ConfigError for a server with chat completions alone or at another temperature than 1, and for a tokenizer folder that differs from the student's
 * @throws ModelError when the server cannot be used or a probe fails
 */
export async function openTeacher(options: OpenTeacherOptions): Promise<OpenedTeacher> {
  const { settings, pool, model = 'teacher', tokenizer, temperature = 1, signal } = options;
  if (settings.kind !== 'server') return { teacher: createPoolTeacher({ pool, model, temperature }) };
  const { url, api, name, topK, apiKeyVariable } = settings;
  if (url === undefined || name === undefined) {
    throw new ConfigError('url and name are required with kind: server', { where: 'teacher' });
  }
  if (api === 'chat') throw new ConfigError('chat gives text alone, and no scores', { where: 'teacher.api' });
  if (temperature !== 1) {
    throw new ConfigError(`a server scores at temperature 1, not ${temperature}`, { where: 'rl.temperature' });
  }
  if (settings.tokenizer !== undefined) {
    const teachers = await loadTokenizer(settings.tokenizer);
    requireSameIds({ student: tokenizer, teacher: teachers, where: settings.tokenizer });
  }
  const { renderChat, maxContextTokens, cacheDirectory, environment, specialTokens, probeText } = options;
  const server = {
    url,
    api,
    model: name,
    vocabularySize: tokenizer.vocabularySize,
    random: createRandom(0).split('teacher-server'),
    ...(apiKeyVariable !== undefined && { apiKeyVariable }),
    ...(environment !== undefined && { environment }),
    ...(signal !== undefined && { signal }),
  };
  const own = {
    vocabularySize: tokenizer.vocabularySize,
    maxContextTokens,
    encode: (text: string, encoding?: { allowSpecial?: boolean }) => tokenizer.encode(text, encoding),
    decode: (ids: readonly number[]) => tokenizer.decode(ids),
    ...(renderChat !== undefined && { renderChat }),
  };
  const probe = await probeTeacher({
    // Not through the cache: the server may have changed since.
    teacher: createServerTeacher({ ...server, topK }),
    tokenizer: own,
    ...(specialTokens !== undefined && { specialTokens }),
    ...(probeText !== undefined && { text: probeText }),
    ...(signal !== undefined && { signal }),
  });
  return {
    teacher: createServerTeacher({
      ...server,
      topK,
      ...(cacheDirectory !== undefined && { cache: { directory: cacheDirectory } }),
    }),
    policy: createServerPolicy({ ...server, tokenizer: own }),
    probe,
  };
}
