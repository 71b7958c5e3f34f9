/** Seconds of each run of something, after some that are not counted. */
export async function secondsOf(options: {
  run: () => unknown;
  /** @default 1 */
  warmUps?: number;
  repeats: number;
}): Promise<number[]> {
  const { run, warmUps = 1, repeats } = options;
  const seconds: number[] = [];
  for (let index = -warmUps; index < repeats; index++) {
    const start = performance.now();
    await run();
    if (index >= 0) seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
