import { formatNumber } from '@dgpo/arc';

/** A count with thousands apart: `100,000`. */
export const formatCount = (count: number): string => count.toLocaleString('en');

/** `1 episode`, `2 episodes`. */
export const countOf = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A number with its sign, as advantages are read. */
export const formatSigned = (value: number): string => {
  const text = formatNumber(Math.abs(value));
  if (value === 0 || !Number.isFinite(value)) return text;
  return `${value > 0 ? '+' : '\u2212'}${text}`;
};

/** A point in time for people, in their own zone: `2026-03-01 14:05`. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return '–';
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** A token as its details name it: blanks and line breaks are seen. */
export const visibleToken = (text: string): string =>
  text === '' ? '(empty)' : text.replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll(' ', '␣');
