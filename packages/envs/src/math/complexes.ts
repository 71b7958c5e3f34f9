import type { Complex, MathJsInstance, MathNumericType } from 'mathjs';
import { type Field, type FieldFunction, outside } from './field.js';

/** Larger exponents are not tried. */
const maxExponent = 1_000_000;

/** Complex numbers in float64, principal values. */
export function createComplexes(math: MathJsInstance): Field<Complex> {
  const complex = (value: unknown): Complex => math.complex(value as MathNumericType);
  const complexOne = complex(1);

  const complexFunctions: Record<FieldFunction, (x: Complex) => unknown> = {
    sin: (x) => math.sin(x),
    cos: (x) => math.cos(x),
    tan: (x) => math.tan(x),
    cot: (x) => math.divide(complexOne, math.tan(x)),
    sec: (x) => math.divide(complexOne, math.cos(x)),
    csc: (x) => math.divide(complexOne, math.sin(x)),
    sinh: (x) => math.sinh(x),
    cosh: (x) => math.cosh(x),
    tanh: (x) => math.tanh(x),
    arcsin: (x) => math.asin(x),
    arccos: (x) => math.acos(x),
    arctan: (x) => math.atan(x),
    arcsinh: (x) => math.asinh(x),
    arccosh: (x) => math.acosh(x),
    arctanh: (x) => math.atanh(x),
    asin: (x) => math.asin(x),
    acos: (x) => math.acos(x),
    atan: (x) => math.atan(x),
    sqrt: (x) => math.pow(x, complex(0.5)),
    cbrt: (x) => (x.im === 0 ? Math.cbrt(x.re) : math.pow(x, complex(1 / 3))),
    exp: (x) => math.exp(x),
    abs: (x) => Math.hypot(x.re, x.im),
    ln: (x) => math.log(x),
    floor: (x) => (x.im === 0 ? Math.floor(x.re) : outside('not real')),
    ceil: (x) => (x.im === 0 ? Math.ceil(x.re) : outside('not real')),
  };

  return {
    number: (text) => complex(Number(text)),
    constant: (name) => (name === 'i' ? math.complex(0, 1) : complex(name === 'e' ? Math.E : Math.PI)),
    add: (left, right) => math.complex(left.re + right.re, left.im + right.im),
    subtract: (left, right) => math.complex(left.re - right.re, left.im - right.im),
    multiply: (left, right) => complex(math.multiply(left, right)),
    divide: (left, right) => complex(math.divide(left, right)),
    power: (base, exponent) =>
      Math.hypot(exponent.re, exponent.im) > maxExponent
        ? outside('an exponent is too large')
        : complex(math.pow(base, exponent)),
    call: (name, argument) => complex(complexFunctions[name](argument)),
    size: (value) => Math.hypot(value.re, value.im),
    isZero: (value) => value.re === 0 && value.im === 0,
    cost: () => 5,
    whole: (value) => (value.im === 0 && Number.isSafeInteger(value.re) ? value.re : null),
    roundoff: 1e-15,
    least: 1e-6,
    greatest: 1e8,
  };
}
