/** A point of a curve: `[step, value]`; null breaks the line. */
export type Point = readonly [number, number | null];

/** The least and the greatest; 0 and 1 of nothing. */
export function spread(values: readonly number[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? { low: 0, high: 1 } : { low, high };
}

/** The point with a value that lies nearest to a step. */
export function nearestPoint(points: readonly Point[], step: number): Point | undefined {
  let nearest: Point | undefined;
  for (const point of points) {
    if (point[1] === null) continue;
    if (nearest === undefined || Math.abs(point[0] - step) < Math.abs(nearest[0] - step)) nearest = point;
  }
  return nearest;
}

/** The path of an SVG line; it breaks where there is no value. */
export function pathOf(points: readonly Point[], x: (step: number) => number, y: (value: number) => number): string {
  let path = '';
  let isPenDown = false;
  for (const [step, value] of points) {
    if (value === null) {
      isPenDown = false;
      continue;
    }
    path += `${isPenDown ? 'L' : 'M'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    isPenDown = true;
  }
  return path;
}
