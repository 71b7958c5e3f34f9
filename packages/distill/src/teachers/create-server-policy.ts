import { type ChatMessage, ConfigError, type Random } from '@dgpo/trajectory';
import { needsTokenIds, samplingApis } from './sampling-apis.js';
import type { ServerApi } from './scoring-apis.js';
import { AnswerProblem, createServerClient, type ServerOptions } from './server-client.js';

/** The tokenizer of the model behind the server; what `Policy` of `@dgpo/envs` asks for. */
export interface ServerPolicyTokenizer {
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
  decode(tokenIds: readonly number[]): string;
  renderChat?(messages: readonly ChatMessage[]): string;
  maxContextTokens?: number;
}

export interface ServerPolicyOptions extends ServerOptions {
  /** The model as the server names it; also the policy's name. */
  model: string;
  /** @default 'vllm' */
  api?: ServerApi;
  tokenizer: ServerPolicyTokenizer;
  /** Ids from this on are refused. @default no check */
  vocabularySize?: number;
}

/** One row to generate, as in `@dgpo/envs`. */
export interface ServerGenerateRequest {
  id: string;
  contextTokenIds: readonly number[];
  maxTokens: number;
  temperature: number;
  stop?: readonly string[];
  random: Random;
  onToken?: (tokenId: number) => void;
}

export interface ServerGenerateResult {
  tokenIds: number[];
  logProbs: number[];
  text: string;
  finishReason: 'stop' | 'length' | 'end';
}

/** A `Policy` of `@dgpo/envs`. */
export interface ServerPolicy extends ServerPolicyTokenizer {
  readonly name: string;
  generate(requests: readonly ServerGenerateRequest[]): Promise<ServerGenerateResult[]>;
}

/** Number of tokens up to and with the one that completes a stop string; undefined when none is complete. */
function stopLength(tokenIds: readonly number[], stop: readonly string[], decode: (ids: number[]) => string) {
  const complete = (length: number) => {
    const text = decode(tokenIds.slice(0, length));
    return stop.some((one) => text.includes(one));
  };
  if (stop.length === 0 || !complete(tokenIds.length)) return undefined;
  // Once complete it stays so, so the first place is found by halving.
  let low = 1;
  let high = tokenIds.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (complete(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * A policy behind a server: contexts go there as token ids, and the sampled ids come back with their log-probabilities, so nothing is
 * tokenized again. Each row has a seed drawn from its own `random`. Filters that a server takes from the model's files (top-p, top-k,
 * penalties) are switched off where the API can say so (`vllm`, `sglang`).
 *
 * Log-probabilities are the server's: those of the sampling distribution at temperature 1; at other temperatures vLLM gives them only with
 * `--logprobs-mode processed_logprobs`. SGLang draws by `sampling_seed` with `--enable-deterministic-inference`.
 *
 * @throws ConfigError for options out of range. `generate` throws ModelError with the URL when the server stays unreachable, refuses, or
 * does not tell the ids that it sampled.
 */
export function createServerPolicy(options: ServerPolicyOptions): ServerPolicy {
  const { model, api = 'vllm', tokenizer, vocabularySize, ...server } = options;
  if (model.trim() === '') throw new ConfigError('the name of the model is empty', { where: 'model' });
  if (!Object.hasOwn(samplingApis, api)) throw new ConfigError(`there is no API "${api}"`, { where: 'api' });
  const client = createServerClient(server);
  const { path, body, read } = samplingApis[api];
  const decode = (ids: readonly number[]) => tokenizer.decode(ids);

  async function generateRow(request: ServerGenerateRequest, signal: AbortSignal): Promise<ServerGenerateResult> {
    const { contextTokenIds, maxTokens, temperature, stop = [], random, onToken } = request;
    if (maxTokens < 1) return { tokenIds: [], logProbs: [], text: '', finishReason: 'length' };
    const seed = random.integer(2 ** 31);
    const sampled = await client.post({
      path,
      body: body({ model, tokenIds: contextTokenIds, maxTokens, temperature, stop, seed }),
      read: (answer) => {
        const result = read(answer);
        const beyond = result.tokenIds.find((id) => vocabularySize !== undefined && id >= vocabularySize);
        if (beyond !== undefined) {
          throw new AnswerProblem(
            `the server sampled ${beyond}, but the vocabulary has ${vocabularySize} ids; are the tokenizers the same?`,
          );
        }
        if (result.tokenIds.length > maxTokens) {
          throw new AnswerProblem(
            `the server sampled ${result.tokenIds.length} tokens, more than the ${maxTokens} allowed`,
          );
        }
        return result;
      },
      needs: needsTokenIds(path),
      signal,
    });
    const { tokenIds: all = [], logProbs = [], cut = false } = sampled ?? {};
    const stopped = stopLength(all, stop, decode);
    const tokenIds = all.slice(0, stopped);
    for (const id of tokenIds) onToken?.(id);
    return {
      tokenIds,
      logProbs: logProbs.slice(0, stopped),
      text: decode(tokenIds),
      finishReason: stopped !== undefined ? 'stop' : cut ? 'length' : 'end',
    };
  }

  const { renderChat, maxContextTokens } = tokenizer;
  return {
    name: model,
    encode: (text, encoding) => tokenizer.encode(text, encoding),
    decode,
    ...(renderChat === undefined ? {} : { renderChat: (messages) => renderChat.call(tokenizer, messages) }),
    ...(maxContextTokens === undefined ? {} : { maxContextTokens }),
    generate: (requests) =>
      client.call((signal) => Promise.all(requests.map((request) => generateRow(request, signal)))),
  };
}
