import { expect, it } from 'vitest';
import type { EpisodeToken } from '../../../src/viewer/api.js';
import { channelValues, describeToken, formatValue, isRecorded, placeTokens } from './episode-tokens.js';

const token = (part: Partial<EpisodeToken>): EpisodeToken => ({
  text: 'a',
  tokenId: 7,
  mask: 0,
  logProb: null,
  teacherKl: null,
  advantage: null,
  ...part,
});

it('numbers tokens over all segments', () => {
  const placed = placeTokens([
    { kind: 'prompt', text: 'aa', tokens: [token({}), token({})] },
    { kind: 'observation', text: 'no ids', tokens: null },
    { kind: 'policy', text: 'b', tokens: [token({ text: 'b' })] },
  ]);
  expect(placed.map(({ tokens }) => tokens?.map(({ index }) => index) ?? null)).toEqual([[0, 1], null, [2]]);
});

it('shows the text of a segment of which one token cannot be read', () => {
  const [segment] = placeTokens([{ kind: 'policy', text: 'ab', tokens: [token({}), token({ text: null })] }]);
  expect(segment).toEqual({ kind: 'policy', text: 'ab', tokens: null });
});

it('says everything that is known of a token', () => {
  const known = { text: ' Paris\n', mask: 1 as const, logProb: -0.5, teacherKl: -0.25, advantage: 1.5, index: 41 };
  // exp(-0.5) = 0.6065…
  expect(describeToken({ ...token({}), ...known })).toBe(
    '“␣Paris⏎” · token 42 · id 7 · sampled by the policy · log-prob −0.500 (p 0.607) · teacher KL −0.250 · advantage +1.50',
  );
  expect(describeToken({ ...token({ text: '' }), index: 0 })).toBe('“(empty)” · token 1 · id 7 · given');
});

it('writes values with a real minus', () => {
  expect(formatValue(-0.125, 'logProb')).toBe('−0.13');
  expect(formatValue(-0.004, 'logProb')).toBe('0');
  expect(formatValue(2.5, 'advantage')).toBe('+2.50');
  expect(formatValue(0, 'teacherKl')).toBe('0');
  expect(formatValue(1, 'mask')).toBe('1');
  expect(formatValue(null, 'advantage')).toBe('–');
});

it('offers what is recorded, and nothing but the mask where tokens cannot be told apart', () => {
  const recorded = { text: true, logProb: true, teacherKl: false, advantage: false };
  expect(isRecorded(recorded, 'logProb')).toBe(true);
  expect(isRecorded(recorded, 'advantage')).toBe(false);
  expect(isRecorded({ ...recorded, text: false }, 'logProb')).toBe(false);
  expect(isRecorded({ ...recorded, text: false }, 'mask')).toBe(true);
});

it('collects the values of a channel over the episode', () => {
  const segments = [
    { kind: 'prompt' as const, text: 'a', tokens: [token({})] },
    { kind: 'policy' as const, text: 'a', tokens: [token({ advantage: -2 })] },
  ];
  expect(channelValues(segments, 'advantage')).toEqual([null, -2]);
});
