import { ConfigError, createRandom } from '@dgpo/trajectory';
import { requireCount } from './require-options.js';

export interface ReplayBufferOptions<T> {
  seed: number;
  /** Items kept; the oldest leave first. @default 1000 */
  capacity?: number;
  /** Items of an earlier buffer, oldest first, as {@link ReplayBuffer.items} gives them: all that a checkpoint keeps. @default none */
  items?: readonly T[];
}

export interface ReplayBuffer<T> {
  readonly size: number;
  add(items: Iterable<T>): void;
  /**
   * Different items in random order. They depend on the seed, the step and what the buffer holds, not on earlier calls: two calls for one
   * step draw the same.
   *
   * @throws ConfigError when it holds fewer than `count`.
   */
  sample(request: { count: number; step: number }): T[];
  /** Oldest first. */
  items(): T[];
}

/**
 * What the student wrote, to train on it again (DistiLLM, arXiv 2402.03898, section 3.2).
 *
 * @throws ConfigError when the capacity is not at least 1 or `items` do not fit.
 */
export function createReplayBuffer<T>(options: ReplayBufferOptions<T>): ReplayBuffer<T> {
  const { seed, capacity = 1000, items = [] } = options;
  requireCount('capacity', capacity);
  if (items.length > capacity) {
    throw new ConfigError(`${items.length} items for a capacity of ${capacity}`, { where: 'items' });
  }
  const random = createRandom(seed);
  let kept = [...items];
  return {
    get size() {
      return kept.length;
    },
    add(added) {
      kept = [...kept, ...added];
      if (kept.length > capacity) kept = kept.slice(kept.length - capacity);
    },
    sample({ count, step }) {
      requireCount('count', count);
      if (!(count <= kept.length)) {
        throw new ConfigError(`asked for ${count} of ${kept.length} items; generate more before replaying`, {
          where: 'count',
        });
      }
      return random.split('replay-buffer', step).shuffle(kept).slice(0, count);
    },
    items: () => [...kept],
  };
}
