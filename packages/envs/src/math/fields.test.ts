import { ConfigError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { fields, requireMath } from './fields.js';

test('says what to install', () => {
  const load = () => {
    throw new Error('not found');
  };
  expect(() => requireMath(load)).toThrow(ConfigError);
  expect(() => requireMath(load)).toThrow('npm install mathjs');
});

describe('rationals', () => {
  const { rationals } = fields();

  test('literals are exact', () => {
    expect(rationals.size(rationals.subtract(rationals.number('1.25e2'), rationals.number('125')))).toBe(0);
    expect(rationals.number('0.1').toFraction()).toBe('1/10');
    expect(rationals.number('25e-3').toFraction()).toBe('1/40');
  });

  test.each([
    ['1e400', Number.POSITIVE_INFINITY],
    ['1e-400', 0],
    ['1e300', 1e300],
    ['1e-300', 1e-300],
    ['0.75', 0.75],
    ['0', 0],
  ])('the size of %s is %d', (text, size) => {
    expect(rationals.size(rationals.number(text))).toBe(size);
  });

  test('numbers that are too long, and powers that would be, are refused before they are made', () => {
    const two = rationals.number('2');
    expect(() => rationals.power(two, rationals.number('6000'))).toThrow('not a fraction');
    expect(() => rationals.number('1'.repeat(1600))).toThrow('too long');
    expect(rationals.power(two, rationals.number('4181')).n).toBe(2n ** 4181n);
  });
});

test('reals have 50 digits and are NaN where there is no real value', () => {
  const { reals } = fields();
  expect(reals.constant('pi').toString()).toBe('3.1415926535897932384626433832795028841971693993751');
  expect(reals.constant('e').toString()).toBe('2.7182818284590452353602874713526624977572470937');
  expect(reals.size(reals.call('sqrt', reals.number('-2')))).toBeNaN();
});

test.each([
  'sin',
  'cos',
  'tan',
  'sinh',
  'cosh',
  'tanh',
  'arcsin',
  'arccos',
  'arctan',
  'exp',
  'ln',
  'sqrt',
  'cbrt',
  'abs',
  'cot',
  'sec',
  'csc',
  'asin',
  'acos',
  'atan',
  'arcsinh',
  'arctanh',
  'floor',
  'ceil',
] as const)('%s is the same among reals and complex numbers', (name) => {
  const { reals, complexes } = fields();
  const real = reals.call(name, reals.number('0.375')).toNumber();
  const complex = complexes.call(name, complexes.number('0.375'));
  expect(Math.hypot(complex.re - real, complex.im)).toBeLessThan(1e-14 * Math.max(1, Math.abs(real)));
});
