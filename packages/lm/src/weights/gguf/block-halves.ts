import { decodeFloat16 } from '../half-precision.js';

/**
 * The binary16 number (little-endian) that each block has at the same place.
 * @param blocks whole blocks of `blockBytes` bytes.
 * @param at where the number begins in a block.
 * @returns one value per block.
 */
export function blockHalves(blocks: Uint8Array, blockBytes: number, at: number): Float32Array {
  const bits = new Uint16Array(blocks.length / blockBytes);
  for (let i = 0; i < bits.length; i++) {
    const start = i * blockBytes + at;
    bits[i] = (blocks[start] as number) | ((blocks[start + 1] as number) << 8);
  }
  return decodeFloat16(bits);
}
