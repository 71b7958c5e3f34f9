import { ConfigError } from '@dgpo/trajectory';
import { fieldsOf, tokenIdsOf } from './answer.js';
import { type CacheOptions, cachedTeacher } from './cached-teacher.js';
import { needsTokenIds } from './sampling-apis.js';
import { scoresOfPlaces } from './scores-of-places.js';
import { type ServerApi, scoringApis } from './scoring-apis.js';
import { AnswerProblem, createServerClient, type ServerOptions } from './server-client.js';
import { type ScoreOptions, scoredIndices, type Teacher, type TeacherRow, type TeacherScores } from './teacher.js';

export interface ServerTeacherOptions extends ServerOptions {
  /** The model as the server names it. */
  model: string;
  /**
   * What the server speaks: `vllm` (`prompt_logprobs`; also `dgpo serve`), `openai` (`echo` with `logprobs`) or `sglang` (`/generate`).
   * @default 'vllm'
   */
  api?: ServerApi;
  /** Alternatives for each scored token. vLLM gives up to its `--max-logprobs`, 20 unless told otherwise. @default 0 */
  topK?: number;
  /** Of the student's tokenizer: ids beyond it are neither sent nor accepted. @default no check */
  vocabularySize?: number;
  /** Keeps answers by the ids that were scored. @default no cache */
  cache?: CacheOptions;
}

/**
 * A teacher behind a server that scores token ids: no text crosses the wire, so no tokenizer can change what is scored. Log-probabilities
 * are those of the model at temperature 1 (vLLM: `--logprobs-mode raw_logprobs`, its default). Tokens after the last scored one are not
 * sent. Check tokenizer and template with `probeTeacher` before the first row.
 *
 * Contracts: vLLM's OpenAI-compatible server, OpenAI's completions API, SGLang's native API.
 * @throws ConfigError for options out of range. `score` throws ModelError with the URL when the server stays unreachable, refuses the
 * request, or answers with other ids, counts, log-probabilities above 0 or not finite.
 */
export function createServerTeacher(options: ServerTeacherOptions): Teacher {
  const { model, api = 'vllm', topK = 0, vocabularySize, cache, ...server } = options;
  if (model.trim() === '') throw new ConfigError('the name of the model is empty', { where: 'model' });
  if (!Number.isInteger(topK) || topK < 0 || topK > 1000) {
    throw new ConfigError(`must be an integer from 0 to 1000, not ${topK}`, { where: 'topK' });
  }
  if (!Object.hasOwn(scoringApis, api)) throw new ConfigError(`there is no API "${api}"`, { where: 'api' });
  const client = createServerClient(server);
  const { path, body, places } = scoringApis[api];

  async function scoreRow(row: TeacherRow, signal: AbortSignal): Promise<TeacherScores> {
    const indices = scoredIndices(row, vocabularySize);
    const [first, last] = [indices[0], indices.at(-1)];
    if (first === undefined || last === undefined) return scoresOfPlaces({ places: [], indices, k: topK });
    const tokenIds = Array.from(row.tokenIds).slice(0, last + 1);
    const request = { model, tokenIds, first, topK };
    const read = (answer: unknown) =>
      scoresOfPlaces({ places: places(answer, request), indices, k: topK, vocabularySize });
    const needs = needsTokenIds(path);
    return (await client.post({ path, body: body(request), read, needs, signal })) as TeacherScores;
  }

  const teacher: Teacher = {
    name: model,
    topK,
    score: (rows, { signal }: ScoreOptions = {}) =>
      client.call((limited) => Promise.all(rows.map((row) => scoreRow(row, limited))), signal),
    tokenize: (input, { signal }: ScoreOptions = {}) =>
      client.post({
        path: '/tokenize',
        body:
          'text' in input
            ? { model, prompt: input.text, add_special_tokens: false }
            : { model, messages: input.messages, add_generation_prompt: true },
        // A model without a chat template refuses conversations with 400.
        absent: 'text' in input ? [404, 405, 501] : [400, 404, 405, 501],
        read: (answer) => {
          const { tokens, count } = fieldsOf(answer, 'its top');
          // Other servers have an endpoint of this name and another contract.
          if (count === undefined) return undefined;
          const ids = tokenIdsOf(tokens, 'tokens');
          if (ids.length !== count)
            throw new AnswerProblem(`the server counts ${count} tokens and gives ${ids.length}`);
          return ids;
        },
        signal,
      }),
  };
  return cache === undefined ? teacher : cachedTeacher({ teacher, ...cache });
}
