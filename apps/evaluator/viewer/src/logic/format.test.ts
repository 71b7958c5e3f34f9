import { expect, it } from 'vitest';
import { countOf, formatSigned, formatTime } from './format.js';
import { toWords } from './labels.js';

it('writes names and counts for people', () => {
  expect(toWords('firstQueryTitleHit')).toBe('First query title hit');
  expect(toWords('stopped-by_length')).toBe('Stopped by length');
  expect(countOf(1, 'episode')).toBe('1 episode');
  expect(countOf(100_000, 'episode')).toBe('100,000 episodes');
  expect(formatSigned(-0.5)).toBe('−0.500');
  expect(formatSigned(2)).toBe('+2');
  expect(formatTime(new Date(2026, 2, 1, 14, 5).getTime())).toBe('2026-03-01 14:05');
});
