import type { Tokenizer } from '@dgpo/lm';
import type { ChoiceEvent } from './choice-events.js';
import type { CompletionRequest } from './request-schemas.js';
import type { ScoredToken } from './scored-token.js';

interface CompletionLogProbs {
  tokens: string[];
  token_logprobs: (number | null)[];
  top_logprobs: (Record<string, number> | null)[];
  text_offset: number[];
}

type PromptLogProbs = Record<string, { logprob: number; rank: number; decoded_token: string }> | null;

/** A choice of `/v1/completions`, or what one chunk adds to it. Fields beyond OpenAI's are named as in vLLM. */
export interface CompletionChoice {
  index: number;
  text: string;
  logprobs: CompletionLogProbs | null;
  finish_reason: 'stop' | 'length' | null;
  stop_reason: string | null;
  token_ids?: number[];
  prompt_token_ids?: readonly number[];
  prompt_logprobs?: PromptLogProbs[];
}

export interface ChoiceWriter<Choice> {
  /** What an event adds to the choice; undefined where that is nothing. */
  add(event: ChoiceEvent): Choice | undefined;
}

/** The alternatives of one place of the prompt by token id, the token that is there included. */
function promptEntry(scored: ScoredToken | null, tokenizer: Tokenizer): PromptLogProbs {
  if (scored === null) return null;
  const entry = ({ id, logProb }: { id: number; logProb: number }, rank: number) =>
    [String(id), { logprob: logProb, rank, decoded_token: tokenizer.decode([id]) }] as const;
  return Object.fromEntries([
    ...scored.top.map((one, place) => entry(one, place + 1)),
    ...(scored.top.some(({ id }) => id === scored.id) ? [] : [entry(scored, scored.rank ?? 0)]),
  ]);
}

/** Turns the events of one choice into parts that, joined by {@link joinCompletionChoices}, are the choice. */
export function completionChoiceWriter(options: {
  index: number;
  request: CompletionRequest;
  promptTokenIds: readonly number[];
  tokenizer: Tokenizer;
}): ChoiceWriter<CompletionChoice> {
  const { index, request, promptTokenIds, tokenizer } = options;
  const { echo, return_token_ids: withIds, logprobs: alternatives } = request;
  const wanted = typeof alternatives === 'number';
  const skipSpecial = request.skip_special_tokens !== false;
  const offsets = tokenizer.decodeStream({ skipSpecial });
  let offset = 0;
  const nameOf = (id: number) =>
    request.return_tokens_as_token_ids === true ? `token_id:${id}` : tokenizer.decode([id]);

  const logProbs = (tokens: readonly { id: number; scored: ScoredToken | null | undefined }[]): CompletionLogProbs => {
    const result: CompletionLogProbs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
    for (const { id, scored } of tokens) {
      result.tokens.push(nameOf(id));
      result.token_logprobs.push(scored?.logProb ?? null);
      const best = (scored?.top ?? []).slice(0, alternatives ?? 0);
      result.top_logprobs.push(
        scored == null ? null : Object.fromEntries([...best, scored].map((one) => [nameOf(one.id), one.logProb])),
      );
      result.text_offset.push(offset);
      offset += offsets.push(id).length;
    }
    return result;
  };
  const part = (more: Partial<CompletionChoice>): CompletionChoice => ({
    index,
    text: '',
    logprobs: null,
    finish_reason: null,
    stop_reason: null,
    ...more,
  });

  return {
    add: (event) => {
      if (event.type === 'prompt') {
        const { scored = [] } = event;
        const echoed = { text: tokenizer.decode(promptTokenIds, { skipSpecial }) };
        const tokens = promptTokenIds.map((id, place) => ({ id, scored: scored[place] }));
        const more = {
          ...(echo === true ? echoed : {}),
          ...(echo === true && wanted ? { logprobs: logProbs(tokens) } : {}),
          ...(withIds === true ? { prompt_token_ids: promptTokenIds, token_ids: [] } : {}),
          ...(typeof request.prompt_logprobs === 'number'
            ? {
                prompt_logprobs: scored.map((one) =>
                  promptEntry(
                    one === null ? null : { ...one, top: one.top.slice(0, request.prompt_logprobs ?? 0) },
                    tokenizer,
                  ),
                ),
              }
            : {}),
        };
        return Object.keys(more).length === 0 ? undefined : part(more);
      }
      if (event.type === 'end') {
        return part({ text: event.text, finish_reason: event.finishReason, stop_reason: event.stopReason });
      }
      if (event.text === '' && !wanted && withIds !== true) return undefined;
      return part({
        text: event.text,
        ...(wanted ? { logprobs: logProbs([event]) } : {}),
        ...(withIds === true ? { token_ids: [event.id] } : {}),
      });
    },
  };
}

/** Joins the parts of a choice. */
export function joinCompletionChoices(left: CompletionChoice, right: CompletionChoice): CompletionChoice {
  const { logprobs: a } = left;
  const { logprobs: b } = right;
  return {
    ...left,
    text: left.text + right.text,
    logprobs:
      a === null || b === null
        ? (a ?? b)
        : {
            tokens: [...a.tokens, ...b.tokens],
            token_logprobs: [...a.token_logprobs, ...b.token_logprobs],
            top_logprobs: [...a.top_logprobs, ...b.top_logprobs],
            text_offset: [...a.text_offset, ...b.text_offset],
          },
    finish_reason: right.finish_reason ?? left.finish_reason,
    stop_reason: right.stop_reason ?? left.stop_reason,
    ...(left.token_ids === undefined && right.token_ids === undefined
      ? {}
      : { token_ids: [...(left.token_ids ?? []), ...(right.token_ids ?? [])] }),
  };
}
