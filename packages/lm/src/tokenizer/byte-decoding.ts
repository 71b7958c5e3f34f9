import type { DecodeOptions, TokenDecodeStream, Tokenizer } from './tokenizer.js';

export interface ByteDecodingOptions {
  tokenBytes: Tokenizer['tokenBytes'];
  isSpecial(id: number): boolean;
  /**
   * Encoding puts a space before a text; decoding takes it away again.
   * @default false
   */
  prefixSpace?: boolean;
}

const space = 0x20;

/** The two ways of decoding of a tokenizer whose tokens are bytes: text is what the joined bytes say in UTF-8. */
export function createByteDecoding(options: ByteDecodingOptions): Pick<Tokenizer, 'decode' | 'decodeStream'> {
  const { tokenBytes, isSpecial, prefixSpace = false } = options;
  const decodeStream = ({ skipSpecial = false, continuation = false }: DecodeOptions = {}): TokenDecodeStream => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const stripsFirst = prefixSpace && !continuation;
    let atStart = stripsFirst;
    return {
      push: (id) => {
        const bytes = tokenBytes(id);
        if ((skipSpecial && isSpecial(id)) || bytes.length === 0) return '';
        const shown = atStart && bytes[0] === space ? bytes.subarray(1) : bytes;
        atStart = false;
        return decoder.decode(shown, { stream: true });
      },
      end: () => {
        atStart = stripsFirst;
        return decoder.decode();
      },
    };
  };
  const decode = (
    ids: readonly number[],
    { skipSpecial = false, continuation = false }: DecodeOptions = {},
  ): string => {
    const parts: Uint8Array[] = [];
    for (const id of ids) {
      const bytes = tokenBytes(id);
      if (!(skipSpecial && isSpecial(id))) parts.push(bytes);
    }
    const bytes = Buffer.concat(parts);
    const strips = prefixSpace && !continuation && bytes[0] === space;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(strips ? bytes.subarray(1) : bytes);
  };
  return { decode, decodeStream };
}
