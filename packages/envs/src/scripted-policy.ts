import { EnvironmentError } from '@dgpo/trajectory';
import { createByteTokenizer } from './byte-tokenizer.js';
import type { EpisodeState } from './environment.js';
import type { EpisodeTokenizer, GenerateRequest, GenerateResult, Policy } from './policy.js';

export interface ScriptedPolicyOptions {
  /** What to write in the next turn, such as the `oracle` of an environment. */
  script: (state: EpisodeState) => string;
  /** Encodes the script; use the student's for episodes to train on. @default createByteTokenizer() */
  tokenizer?: EpisodeTokenizer;
  /** @default 'scripted' */
  name?: string;
}

/** Where the text ends when it stops after the first stop string; null when none occurs. */
function firstStop(text: string, stop: readonly string[]): number | null {
  const ends = stop.flatMap((stopString) => {
    const start = text.indexOf(stopString);
    return start < 0 ? [] : [start + stopString.length];
  });
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * A policy that plays a script: an expert to collect episodes from, or a test. It keeps stop strings and `maxTokens` as a language
 * model would. It is certain of what it writes, so every log-probability is 0.
 * @throws EnvironmentError when a request carries no episode (the episode loop always passes it).
 */
export function createScriptedPolicy(options: ScriptedPolicyOptions): Policy {
  const { script, tokenizer = createByteTokenizer(), name = 'scripted' } = options;

  const generate = ({ episode, id, maxTokens, stop = [], onToken }: GenerateRequest): GenerateResult => {
    if (episode === undefined) {
      throw new EnvironmentError('a scripted policy needs the episode in the request', { where: `request ${id}` });
    }
    const written = script(episode);
    const stopEnd = firstStop(written, stop);
    const whole = written.slice(0, stopEnd ?? written.length);
    const tokenIds = tokenizer.encode(whole, { allowSpecial: true });
    const isCut = tokenIds.length > maxTokens;
    const kept = isCut ? tokenIds.slice(0, maxTokens) : tokenIds;
    for (const tokenId of kept) onToken?.(tokenId);
    return {
      tokenIds: kept,
      logProbs: kept.map(() => 0),
      text: isCut ? tokenizer.decode(kept) : whole,
      finishReason: isCut ? 'length' : stopEnd === null ? 'end' : 'stop',
    };
  };

  return {
    name,
    encode: (text, encodeOptions) => tokenizer.encode(text, encodeOptions),
    decode: (tokenIds) => tokenizer.decode(tokenIds),
    ...(tokenizer.renderChat === undefined ? {} : { renderChat: (messages) => tokenizer.renderChat?.(messages) ?? '' }),
    ...(tokenizer.maxContextTokens === undefined ? {} : { maxContextTokens: tokenizer.maxContextTokens }),
    generate: async (requests) => requests.map(generate),
  };
}
