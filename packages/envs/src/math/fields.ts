import { createRequire } from 'node:module';
import { ConfigError } from '@dgpo/trajectory';
import type { BigNumber, Complex, Fraction, MathJsInstance } from 'mathjs';
import { createComplexes } from './complexes.js';
import type { Field } from './field.js';
import { createRationals } from './rationals.js';
import { createReals } from './reals.js';

interface Fields {
  rationals: Field<Fraction>;
  reals: Field<BigNumber>;
  complexes: Field<Complex>;
}

/** @throws ConfigError that says what to install. */
export function requireMath(load: (name: string) => unknown = createRequire(import.meta.url)): MathJsInstance {
  try {
    const { all, create } = load('mathjs') as typeof import('mathjs');
    return create(all ?? {}, { number: 'BigNumber', precision: 50 });
  } catch (cause) {
    throw new ConfigError('comparing numbers and formulas needs an optional package: npm install mathjs', {
      where: 'mathjs',
      cause,
    });
  }
}

let loaded: Fields | undefined;

/** The kinds of number that expressions are evaluated in. mathjs takes a second to load, so the first use does. */
export function fields(): Fields {
  if (loaded === undefined) {
    const math = requireMath();
    loaded = { rationals: createRationals(math), reals: createReals(math), complexes: createComplexes(math) };
  }
  return loaded;
}
