import type { Tokenizer } from '@dgpo/lm';
import type { ChoiceEvent } from './choice-events.js';
import type { ChoiceWriter } from './completion-choices.js';
import type { ChatRequest } from './request-schemas.js';
import type { ScoredToken } from './scored-token.js';

interface ChatLogProb {
  token: string;
  logprob: number;
  bytes: number[];
}

/** What one chunk adds to a choice of `/v1/chat/completions`. */
export interface ChatDelta {
  index: number;
  delta: { role?: 'assistant'; content?: string };
  logprobs: { content: (ChatLogProb & { top_logprobs: ChatLogProb[] })[] } | null;
  finish_reason: 'stop' | 'length' | null;
  stop_reason: string | null;
  token_ids?: number[];
}

export interface ChatChoice extends Omit<ChatDelta, 'delta'> {
  message: { role: 'assistant'; content: string; refusal: null };
}

/** Turns the events of one choice into parts that, joined by {@link joinChatDeltas}, are the choice. */
export function chatChoiceWriter(options: {
  index: number;
  request: ChatRequest;
  tokenizer: Tokenizer;
}): ChoiceWriter<ChatDelta> {
  const { index, request, tokenizer } = options;
  const withIds = request.return_token_ids === true;
  const logProb = ({ id, logProb: logprob }: { id: number; logProb: number }): ChatLogProb => ({
    token: request.return_tokens_as_token_ids === true ? `token_id:${id}` : tokenizer.decode([id]),
    logprob,
    bytes: [...tokenizer.tokenBytes(id)],
  });
  const entry = (scored: ScoredToken) => ({ ...logProb(scored), top_logprobs: scored.top.map(logProb) });
  const part = (more: Partial<ChatDelta>): ChatDelta => ({
    index,
    delta: {},
    logprobs: null,
    finish_reason: null,
    stop_reason: null,
    ...more,
  });
  return {
    add: (event: ChoiceEvent) => {
      if (event.type === 'prompt') {
        return part({ delta: { role: 'assistant', content: '' }, ...(withIds ? { token_ids: [] } : {}) });
      }
      if (event.type === 'end') {
        return part({
          delta: event.text === '' ? {} : { content: event.text },
          finish_reason: event.finishReason,
          stop_reason: event.stopReason,
        });
      }
      if (event.text === '' && event.scored === undefined && !withIds) return undefined;
      return part({
        delta: { content: event.text },
        ...(event.scored === undefined ? {} : { logprobs: { content: [entry(event.scored)] } }),
        ...(withIds ? { token_ids: [event.id] } : {}),
      });
    },
  };
}

/** Joins the parts of a choice. */
export function joinChatDeltas(left: ChatDelta, right: ChatDelta): ChatDelta {
  return {
    ...left,
    delta: { role: 'assistant', content: (left.delta.content ?? '') + (right.delta.content ?? '') },
    logprobs:
      left.logprobs === null && right.logprobs === null
        ? null
        : { content: [...(left.logprobs?.content ?? []), ...(right.logprobs?.content ?? [])] },
    finish_reason: right.finish_reason ?? left.finish_reason,
    stop_reason: right.stop_reason ?? left.stop_reason,
    ...(left.token_ids === undefined ? {} : { token_ids: [...left.token_ids, ...(right.token_ids ?? [])] }),
  };
}

/** The whole choice from its joined parts. */
export function toChatChoice({ delta, ...rest }: ChatDelta): ChatChoice {
  return { ...rest, message: { role: 'assistant', content: delta.content ?? '', refusal: null } };
}
