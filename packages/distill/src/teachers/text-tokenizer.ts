import type { ServerPolicyTokenizer } from './create-server-policy.js';

const bytesPerId = 4;
const bytesFactor = 2 ** 32;

/**
 * Counts text where the tokenizer of a model is not at hand: an id is up to four bytes of UTF-8, about a token of English. It is for the
 * limits of episodes alone; its ids are those of no model.
 */
export function createTextTokenizer(): ServerPolicyTokenizer {
  return {
    encode(text) {
      const bytes = new TextEncoder().encode(text);
      return Array.from({ length: Math.ceil(bytes.length / bytesPerId) }, (_, index) => {
        const part = bytes.subarray(index * bytesPerId, (index + 1) * bytesPerId);
        // The number of bytes stands above them, so that a zero byte at the end is not lost.
        return part.reduceRight((id, byte) => id * 256 + byte, 0) + part.length * bytesFactor;
      });
    },
    decode(tokenIds) {
      const bytes = tokenIds.flatMap((id) => {
        const length = Math.floor(id / bytesFactor);
        return Array.from({ length }, (_, index) => Math.floor((id % bytesFactor) / 256 ** index) % 256);
      });
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    },
  };
}
