/** The ticks of an axis: round numbers that enclose the values. */
export interface Axis {
  low: number;
  high: number;
  ticks: number[];
  /** A tick as text, with the decimals its step needs. */
  format(tick: number): string;
}

export interface NiceAxisOptions {
  low: number;
  high: number;
  /** About how many steps. @default 5 */
  steps?: number;
  /** Keep the bounds as they are and put the ticks inside. @default false */
  tight?: boolean;
}

/** Steps of 1, 2, 2.5 or 5 times a power of ten (after Heckbert, "Nice numbers for graph labels", Graphics Gems 1990). */
export function niceAxis({ low, high, steps = 5, tight = false }: NiceAxisOptions): Axis {
  const [from, to] = low < high ? [low, high] : [low - 0.5, low + 0.5];
  const rough = (to - from) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  const step = factor * power;
  const first = tight ? Math.ceil(from / step - 1e-9) : Math.floor(from / step + 1e-9);
  const last = tight ? Math.floor(to / step + 1e-9) : Math.ceil(to / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (factor === 2.5 ? 1 : 0));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toFixed(Math.min(20, decimals))),
  );
  return {
    low: tight ? from : (ticks[0] ?? from),
    high: tight ? to : (ticks.at(-1) ?? to),
    ticks,
    format: (tick) =>
      decimals > 6 || Math.abs(tick) >= 1e7
        ? tick.toExponential(1)
        : groupThousands(tick.toFixed(Math.min(20, decimals))),
  };
}

/** Narrow no-break spaces between thousands, in the whole part only. */
const groupThousands = (text: string) => text.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, '\u202f');
