import type { EpisodeTokenizer } from './policy.js';

const tags = ['think', 'search', 'information', 'answer'].flatMap((name) => [`<${name}>`, `</${name}>`]);
const tagPattern = new RegExp(`(${tags.join('|')})`);

/**
 * The smallest tokenizer of the protocol: ids 0 to 255 are UTF-8 bytes, 256 to 263 the tags `<think>` to `</answer>`. For tests and
 * for scripts whose token ids nobody trains on.
 */
export function createByteTokenizer(): EpisodeTokenizer {
  const bytes = (text: string) => [...new TextEncoder().encode(text)];
  return {
    encode(text, { allowSpecial = false } = {}) {
      if (!allowSpecial) return bytes(text);
      return text.split(tagPattern).flatMap((part) => {
        const tag = tags.indexOf(part);
        return tag < 0 ? bytes(part) : [256 + tag];
      });
    },
    decode(tokenIds) {
      const spelled = tokenIds.flatMap((id) => (id < 256 ? [id] : bytes(tags[id - 256] ?? '')));
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(spelled));
    },
  };
}
