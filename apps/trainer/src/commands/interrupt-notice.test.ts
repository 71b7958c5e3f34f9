import { expect, it } from 'vitest';
import { interruptNotice } from './interrupt-notice.js';

it('promises to keep what a command continues, and nothing else', () => {
  for (const command of ['demo', 'train', 'download']) {
    expect(interruptNotice([command, 'x'])).toBe('Stopping; what is done is kept.');
  }
  for (const words of [['play', 'search'], ['serve', 'train'], []]) expect(interruptNotice(words)).toBe('Stopping.');
});
