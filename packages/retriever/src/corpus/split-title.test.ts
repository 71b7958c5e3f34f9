import { describe, expect, it } from 'vitest';
import { splitTitle } from './split-title.js';

describe('splitTitle', () => {
  it.each([
    ['"Demon Dice"\nA game.', 'Demon Dice', 'A game.'],
    ['Demon Dice\r\nA game.\nOf dice.', 'Demon Dice', 'A game.\nOf dice.'],
    ['""Heroes" (song)"\nx', '"Heroes" (song)', 'x'],
    ['"Heroes" (song)\nx', '"Heroes" (song)', 'x'],
    ['Only a title', 'Only a title', ''],
    ['"\ntext', '"', 'text'],
  ])('takes %j apart', (contents, title, text) => {
    expect(splitTitle(contents)).toEqual({ title, text });
  });
});
