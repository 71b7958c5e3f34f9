import { type Fields, fieldsOf, listOf, logProbOf, namedTokenId, onlyChoice, tokenIdOf, tokenIdsOf } from './answer.js';
import type { ServerApi } from './scoring-apis.js';
import { AnswerProblem } from './server-client.js';

interface SamplingRequest {
  model: string;
  tokenIds: readonly number[];
  maxTokens: number;
  temperature: number;
  stop: readonly string[];
  seed: number;
}

interface SampledTokens {
  tokenIds: number[];
  logProbs: number[];
  /** Whether the limit of tokens ended it. */
  cut: boolean;
}

interface SamplingApi {
  path: string;
  body(request: SamplingRequest): object;
  read(answer: unknown): SampledTokens;
}

/** Log-probabilities as numbers, one for each token. */
function checked(tokenIds: number[], logProbs: readonly (number | null)[], reason: unknown): SampledTokens {
  if (tokenIds.length !== logProbs.length) {
    throw new AnswerProblem(
      `the server sampled ${tokenIds.length} tokens and gave ${logProbs.length} log-probabilities`,
    );
  }
  const bad = logProbs.findIndex((value) => value === null || !Number.isFinite(value) || value > 1e-3);
  if (bad >= 0) {
    throw new AnswerProblem(
      `the log-probability of sampled token ${bad} is ${logProbs[bad]}, not a number of at most 0`,
    );
  }
  if (reason !== 'stop' && reason !== 'length') {
    throw new AnswerProblem(
      `the server ended with ${JSON.stringify(reason) ?? 'nothing'}, neither "stop" nor "length"`,
    );
  }
  return { tokenIds, logProbs: logProbs.map((value) => Math.min(0, value ?? 0)), cut: reason === 'length' };
}

/** Ids as `token_ids`, or in names such as `token_id:123`. */
function idsOfChoice(choice: Fields, names: readonly unknown[]): number[] {
  if (choice.token_ids != null) return tokenIdsOf(choice.token_ids, 'choices.0.token_ids');
  return names.map((name, index) => namedTokenId(name, `logprobs.tokens.${index}`));
}

function readChoice(answer: unknown): SampledTokens {
  const choice = onlyChoice(answer);
  const found = fieldsOf(choice.logprobs, 'choices.0.logprobs');
  const logProbs = listOf(found.token_logprobs, 'logprobs.token_logprobs').map((value, index) =>
    logProbOf(value, `logprobs.token_logprobs.${index}`),
  );
  return checked(idsOfChoice(choice, listOf(found.tokens, 'logprobs.tokens')), logProbs, choice.finish_reason);
}

const completion = ({ model, tokenIds, maxTokens, temperature, stop, seed }: SamplingRequest) => ({
  model,
  prompt: tokenIds,
  max_tokens: maxTokens,
  temperature,
  top_p: 1,
  seed,
  ...(stop.length === 0 ? {} : { stop }),
  logprobs: 1,
  return_tokens_as_token_ids: true,
});

/** What a model's `generation_config.json` would change behind the caller's back. */
const neutral = { top_k: -1, min_p: 0, repetition_penalty: 1 };

const vllm: SamplingApi = {
  path: '/v1/completions',
  // Without its special tokens a text never holds a stop string that is one.
  body: (request) => ({ ...completion(request), ...neutral, return_token_ids: true, skip_special_tokens: false }),
  read: readChoice,
};

const openai: SamplingApi = { path: '/v1/completions', body: completion, read: readChoice };

const sglang: SamplingApi = {
  path: '/generate',
  body: ({ tokenIds, maxTokens, temperature, stop, seed }) => ({
    input_ids: tokenIds,
    sampling_params: {
      max_new_tokens: maxTokens,
      temperature,
      top_p: 1,
      ...neutral,
      sampling_seed: seed,
      skip_special_tokens: false,
      ...(stop.length === 0 ? {} : { stop }),
    },
    return_logprob: true,
    stream: false,
  }),
  read: (answer) => {
    const meta = fieldsOf(fieldsOf(answer, 'its top').meta_info, 'meta_info');
    const tokens = listOf(meta.output_token_logprobs, 'meta_info.output_token_logprobs').map((entry, index) => {
      const where = `output_token_logprobs.${index}`;
      const [logProb, id] = listOf(entry, where);
      return { id: tokenIdOf(id, where), logProb: logProbOf(logProb, where) };
    });
    return checked(
      tokens.map(({ id }) => id),
      tokens.map(({ logProb }) => logProb),
      fieldsOf(meta.finish_reason, 'meta_info.finish_reason').type,
    );
  },
};

/** What a server lacks that does not know such a path, or the model. */
export const needsTokenIds = (path: string) =>
  `is this its name of the model, and does it take token ids at ${path} (vLLM, SGLang, dgpo serve)? A server with chat completions alone ` +
  'can play demonstrations (createChatPolicy; in a recipe teacher.api: chat), not score';

export const samplingApis: Record<ServerApi, SamplingApi> = { vllm, openai, sglang };
