import { fieldsOf, listOf, logProbOf, namedTokenId, onlyChoice, type Place, tokenIdOf, tokenIdsOf } from './answer.js';
import { AnswerProblem } from './server-client.js';

/** `vllm` and `openai` ask `/v1/completions`, `sglang` asks `/generate`. */
export type ServerApi = 'vllm' | 'openai' | 'sglang';

interface ScoringRequest {
  model: string;
  tokenIds: readonly number[];
  /** Index of the first token that is scored, at least 1. */
  first: number;
  topK: number;
}

/** How one kind of server is asked to score a prompt, and how its answer reads. */
interface ScoringApi {
  path: string;
  body(request: ScoringRequest): object;
  /** One place for each token of the prompt; undefined for those that were not asked for. */
  places(answer: unknown, request: ScoringRequest): (Place | undefined)[];
}

function requireIds(found: readonly number[], sent: readonly number[]): void {
  const place = sent.findIndex((id, index) => found[index] !== id);
  if (found.length === sent.length && place < 0) return;
  throw new AnswerProblem(
    place < 0 || place >= found.length
      ? `the server read ${found.length} tokens of the ${sent.length} that were sent`
      : `the server read id ${found[place]} where ${sent[place]} was sent (index ${place})`,
  );
}

/**
 * `prompt_logprobs`: a list beside the prompt, null first, then an object for each token from id to `{ logprob, rank, decoded_token }`
 * with the k best and, if it is not one of them, the token that is there.
 */
const vllm: ScoringApi = {
  path: '/v1/completions',
  body: ({ model, tokenIds, topK }) => ({
    model,
    prompt: tokenIds,
    max_tokens: 1,
    temperature: 0,
    // At 0 some versions leave the field out.
    prompt_logprobs: Math.max(1, topK),
    return_token_ids: true,
  }),
  places: (answer, { tokenIds }) => {
    const choice = onlyChoice(answer);
    // Servers before this field answer without it; the ids are keys of the log-probabilities anyway.
    if (choice.prompt_token_ids != null) {
      requireIds(tokenIdsOf(choice.prompt_token_ids, 'choices.0.prompt_token_ids'), tokenIds);
    }
    const entries = listOf(choice.prompt_logprobs, 'choices.0.prompt_logprobs');
    if (entries.length !== tokenIds.length) {
      throw new AnswerProblem(`the server scored ${entries.length} tokens of the ${tokenIds.length} that were sent`);
    }
    return entries.map((entry, index) => {
      if (entry === null) return undefined;
      const where = `prompt_logprobs.${index}`;
      const top = Object.entries(fieldsOf(entry, where)).map(([id, value]) => ({
        tokenId: tokenIdOf(id, where),
        logProb: logProbOf(fieldsOf(value, where).logprob, `${where}.${id}`),
      }));
      const own = top.find(({ tokenId }) => tokenId === tokenIds[index]);
      if (own === undefined) {
        const ids = top.map(({ tokenId }) => tokenId).join(', ');
        throw new AnswerProblem(`the server scored ids ${ids} where ${tokenIds[index]} was sent (index ${index})`);
      }
      return { ...own, top };
    });
  },
};

/** `echo`: the prompt comes back as the first tokens of the completion; `token_logprobs` begins with null. */
const openai: ScoringApi = {
  path: '/v1/completions',
  body: ({ model, tokenIds, topK }) => ({
    model,
    prompt: tokenIds,
    max_tokens: 1,
    temperature: 0,
    echo: true,
    logprobs: Math.max(1, topK),
    return_tokens_as_token_ids: true,
  }),
  places: (answer, { tokenIds, topK }) => {
    const found = fieldsOf(onlyChoice(answer).logprobs, 'choices.0.logprobs');
    const named = listOf(found.tokens, 'logprobs.tokens').slice(0, tokenIds.length);
    requireIds(
      named.map((name, index) => namedTokenId(name, `logprobs.tokens.${index}`)),
      tokenIds,
    );
    const logProbs = listOf(found.token_logprobs, 'logprobs.token_logprobs');
    const top = topK === 0 ? [] : listOf(found.top_logprobs, 'logprobs.top_logprobs');
    return tokenIds.map((tokenId, index) => {
      const best = top[index];
      return {
        tokenId,
        logProb: logProbOf(logProbs[index], `logprobs.token_logprobs.${index}`),
        top:
          best == null
            ? []
            : Object.entries(fieldsOf(best, `logprobs.top_logprobs.${index}`)).map(([name, logProb]) => ({
                tokenId: namedTokenId(name, `logprobs.top_logprobs.${index}`),
                logProb: logProbOf(logProb, `logprobs.top_logprobs.${index}`),
              })),
      };
    });
  },
};

function sglangToken(value: unknown, where: string) {
  const [logProb, tokenId] = listOf(value, where);
  return { tokenId: tokenIdOf(tokenId, where), logProb: logProbOf(logProb, where) };
}

/** `meta_info.input_token_logprobs`: `[logprob, id, text]` from `logprob_start_len` on, the first one with null. */
const sglang: ScoringApi = {
  path: '/generate',
  body: ({ tokenIds, first, topK }) => ({
    input_ids: tokenIds,
    sampling_params: { temperature: 0, max_new_tokens: 1 },
    return_logprob: true,
    logprob_start_len: first - 1,
    top_logprobs_num: topK,
    stream: false,
  }),
  places: (answer, { tokenIds, first, topK }) => {
    const meta = fieldsOf(fieldsOf(answer, 'its top').meta_info, 'meta_info');
    const entries = listOf(meta.input_token_logprobs, 'meta_info.input_token_logprobs');
    const start = tokenIds.length - entries.length;
    if (start < 0 || start > first) {
      throw new AnswerProblem(
        `the server scored ${entries.length} tokens, but ${tokenIds.length - first + 1} of ${tokenIds.length} were asked for`,
      );
    }
    const tokens = entries.map((entry, index) => sglangToken(entry, `input_token_logprobs.${index}`));
    requireIds(
      tokens.map(({ tokenId }) => tokenId),
      tokenIds.slice(start),
    );
    const top = topK === 0 ? [] : listOf(meta.input_top_logprobs, 'meta_info.input_top_logprobs');
    const places = tokens.map((token, index) => {
      const best = top[index];
      const where = `input_top_logprobs.${index}`;
      return { ...token, top: best == null ? [] : listOf(best, where).map((one) => sglangToken(one, where)) };
    });
    return [...Array.from({ length: start }, () => undefined), ...places];
  },
};

export const scoringApis: Record<ServerApi, ScoringApi> = { vllm, openai, sglang };
