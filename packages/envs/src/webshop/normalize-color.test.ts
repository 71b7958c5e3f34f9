import { expect, test } from 'vitest';
import { normalizeColor, normalizeNamedColor } from './normalize-color.js';

test.each([
  ['navy blue', 'blue'], // blue comes before navy in the list
  ['dark chocolate', 'chocolate'],
  ['sandalwood', 'sand'],
  ['x-large', 'x-large'],
])('%s is %s', (text, color) => {
  expect(normalizeColor(text)).toBe(color);
});

test('with its name an option is a colour only as a whole', () => {
  expect(normalizeNamedColor('color', 'blue')).toBe('blue');
  expect(normalizeNamedColor('color', 'navy blue')).toBe('color navy blue');
  expect(normalizeNamedColor('size', 'large')).toBe('size large');
});
