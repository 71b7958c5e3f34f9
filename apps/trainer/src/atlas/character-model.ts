import type { Random } from '@dgpo/trajectory';

export interface CharacterModelOptions {
  /** The names to imitate. */
  names: readonly string[];
  /** Number of characters that decide the next one. @default 3 */
  order?: number;
  /** No sample is longer than this. @default 40 */
  maxLength?: number;
}

/** A Markov model of the letters of names. */
export interface CharacterModel {
  /** Draws a name, from its first letter or onward from `prefix`. */
  generate(random: Random, prefix?: string): string;
}

interface Continuations {
  total: number;
  distinct: number;
  /** The next characters, each as often as it was seen; '' is the end of a name. */
  characters: string[];
}

const start = '\u0002';

/**
 * A Markov model over characters with Witten-Bell back-off (Witten and Bell 1991): a context seen n times with t different
 * continuations is left for the next shorter one with probability t / (n + t). The shortest context is one character.
 * @throws RangeError when there is no name or the order is not a positive integer.
 */
export function createCharacterModel({ names, order = 3, maxLength = 40 }: CharacterModelOptions): CharacterModel {
  if (names.length === 0) throw new RangeError('createCharacterModel: names is empty');
  if (!Number.isInteger(order) || order < 1)
    throw new RangeError(`createCharacterModel: order ${order} is not at least 1`);
  const contexts = new Map<string, Continuations>();
  for (const name of names) {
    const characters = [...start.repeat(order), ...name, ''];
    for (let index = order; index < characters.length; index++) {
      const next = characters[index] ?? '';
      for (let length = 1; length <= order; length++) {
        const context = characters.slice(index - length, index).join('');
        const seen = contexts.get(context) ?? { total: 0, distinct: 0, characters: [] };
        if (!seen.characters.includes(next)) seen.distinct++;
        seen.total++;
        seen.characters.push(next);
        contexts.set(context, seen);
      }
    }
  }

  function nextCharacter(history: readonly string[], random: Random): string {
    for (let length = order; length >= 1; length--) {
      const seen = contexts.get(history.slice(-length).join(''));
      if (seen === undefined) continue;
      const stay = length === 1 || random.next() * (seen.total + seen.distinct) < seen.total;
      if (stay) return random.pick(seen.characters);
    }
    return '';
  }

  return {
    generate: (random, prefix = '') => {
      const history = [...start.repeat(order), ...prefix];
      for (;;) {
        const next = history.length >= order + maxLength ? '' : nextCharacter(history, random);
        if (next === '') return history.slice(order).join('');
        history.push(next);
      }
    },
  };
}
