/**
 * GPT-2's printable stand-in for each byte, which Hugging Face's byte-level BPE files use as their alphabet: bytes that
 * are printable in Latin-1 stand for themselves, the other 68 become U+0100, U+0101, … in byte order.
 * Source: `bytes_to_unicode` in openai/gpt-2 `src/encoder.py`.
 */
const charOfByte: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

const byteOfChar: ReadonlyMap<string, number> = new Map(charOfByte.map((char, byte) => [char, byte]));

/** Spells bytes in the byte-level alphabet, one character each. */
export function bytesToAlphabet(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += charOfByte[byte];
  return text;
}

/** The inverse of {@link bytesToAlphabet}; `undefined` when a character is not in the alphabet. */
export function alphabetToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = byteOfChar.get(text.charAt(i));
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
