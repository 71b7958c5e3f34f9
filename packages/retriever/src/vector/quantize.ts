/**
 * A vector as integers of -127 to 127 and the scale that they are multiplied by: symmetric, with the largest entry at 127. The
 * error of an entry is at most half the scale.
 */
export function quantize(vector: Float32Array): { codes: Int8Array; scale: number } {
  let largest = 0;
  for (let column = 0; column < vector.length; column++) {
    const magnitude = Math.abs(vector[column] as number);
    if (magnitude > largest) largest = magnitude;
  }
  const scale = Math.fround(largest / 127);
  const codes = new Int8Array(vector.length);
  if (scale === 0) return { codes, scale };
  for (let column = 0; column < vector.length; column++) {
    // The scale was rounded: its quotient may be just above 127.
    codes[column] = Math.max(-127, Math.min(127, Math.round((vector[column] as number) / scale)));
  }
  return { codes, scale };
}
