import { all, type BigNumber, type Complex, create, type Fraction, type MathNumericType } from 'mathjs';
import type { FunctionName } from './expression.js';
import { Undecided } from './undecided.js';

/** A kind of number that expressions are evaluated in. Results outside the field are NaN or an Undecided. */
export interface Field<Value> {
  /** The value of a literal. */
  number(text: string): Value;
  constant(name: 'pi' | 'e' | 'i'): Value;
  add(left: Value, right: Value): Value;
  subtract(left: Value, right: Value): Value;
  multiply(left: Value, right: Value): Value;
  divide(left: Value, right: Value): Value;
  power(base: Value, exponent: Value): Value;
  call(name: Exclude<FunctionName, 'negate' | 'factorial' | 'log'>, argument: Value): Value;
  /** The magnitude, in float64. */
  size(value: Value): number;
  isZero(value: Value): boolean;
  /** What making the value took, in units of about two microseconds. */
  cost(value: Value, isCall: boolean): number;
  /** The value where it is a whole number below 2^53, else null. */
  whole(value: Value): number | null;
  /** What one operation may be off by, relative to its largest operand; 0 where it is exact. */
  readonly roundoff: number;
  /** Products, quotients and powers outside these magnitudes (0 apart) are out of reach. */
  readonly least: number;
  readonly greatest: number;
}

/** Of whole numbers, and of the parts of quotients. */
const maxBits = { whole: 5000, quotient: 2000 };
const maxExponent = 1_000_000;

const math = create(all ?? {}, { number: 'BigNumber', precision: 50 });

const outside = (what: string): never => {
  throw new Undecided(what);
};

const bits = ({ n, d }: Fraction) => 4 * Math.max(n.toString(16).length, d.toString(16).length);

const limit = ({ d }: Fraction) => (d === 1n ? maxBits.whole : maxBits.quotient);

const bounded = (value: Fraction): Fraction =>
  bits(value) > limit(value) ? outside('a number is too long to compare') : value;

/** In float64, also where both parts of the quotient are beyond it. */
function magnitude({ n, d }: Fraction): number {
  const shift = 64n - 4n * BigInt(n.toString(16).length - d.toString(16).length);
  const quotient = shift < 0n ? n / (d << -shift) : (n << shift) / d;
  // In two steps: 2^shift alone may be beyond float64.
  const half = Number(shift) / 2;
  return Number(quotient) * 2 ** -half * 2 ** -half;
}

/** The exact value of a literal. */
function parseDecimal(text: string): Fraction {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', decimals = ''] = mantissa.split('.');
  const shift = Number(exponent) - decimals.length;
  const digits = BigInt(`${whole}${decimals}`);
  return shift < 0 ? math.fraction(digits, 10n ** BigInt(-shift)) : math.fraction(digits * 10n ** BigInt(shift), 1n);
}

/** Whole numbers of up to 5,000 bits and quotients of up to 2,000: exact. */
export const rationals: Field<Fraction> = {
  number: (text) => bounded(parseDecimal(text)),
  constant: () => outside('not a fraction'),
  add: (left, right) => bounded(left.add(right)),
  subtract: (left, right) => bounded(left.sub(right)),
  multiply: (left, right) => bounded(left.mul(right)),
  divide: (left, right) => bounded(left.div(right)),
  power(base, exponent) {
    const whole = rationals.whole(exponent);
    if (whole === null || Math.abs(whole) * bits(base) > 4 * limit(base)) return outside('not a fraction');
    if (base.n === 0n && whole <= 0) return outside('zero to the power of zero or less');
    return bounded(base.pow(math.fraction(whole)) ?? outside('not a fraction'));
  },
  call: (name, argument) => (name === 'abs' ? argument.abs() : outside('not a fraction')),
  size: magnitude,
  isZero: ({ n }) => n === 0n,
  // Reducing a quotient is quadratic in its length.
  cost: (value) => 1 + (bits(value) / 150) ** 2,
  whole: (value) => (value.d === 1n && value.n <= 9007199254740991n ? Number(value.s * value.n) : null),
  roundoff: 0,
  least: 0,
  greatest: Number.POSITIVE_INFINITY,
};

const one = math.bignumber(1);

const realFunctions: Record<Exclude<FunctionName, 'negate' | 'factorial' | 'log'>, (x: BigNumber) => BigNumber> = {
  sin: (x) => x.sin(),
  cos: (x) => x.cos(),
  tan: (x) => x.tan(),
  cot: (x) => one.div(x.tan()),
  sec: (x) => one.div(x.cos()),
  csc: (x) => one.div(x.sin()),
  sinh: (x) => x.sinh(),
  cosh: (x) => x.cosh(),
  tanh: (x) => x.tanh(),
  arcsin: (x) => x.asin(),
  arccos: (x) => x.acos(),
  arctan: (x) => x.atan(),
  arcsinh: (x) => x.asinh(),
  arccosh: (x) => x.acosh(),
  arctanh: (x) => x.atanh(),
  asin: (x) => x.asin(),
  acos: (x) => x.acos(),
  atan: (x) => x.atan(),
  sqrt: (x) => x.sqrt(),
  cbrt: (x) => x.cbrt(),
  exp: (x) => (x.abs().gt(1000) ? outside('an exponent is too large') : x.exp()),
  abs: (x) => x.abs(),
  ln: (x) => x.ln(),
  floor: (x) => x.floor(),
  ceil: (x) => x.ceil(),
};

/** Real numbers of 50 digits; a value that is not real is NaN. */
export const reals: Field<BigNumber> = {
  number: (text) => math.bignumber(text),
  constant: (name) => (name === 'i' ? outside('not real') : name === 'e' ? one.exp() : math.bignumber(-1).acos()),
  add: (left, right) => left.plus(right),
  subtract: (left, right) => left.minus(right),
  multiply: (left, right) => left.times(right),
  divide: (left, right) => left.div(right),
  power: (base, exponent) =>
    exponent.abs().gt(maxExponent) || (base.isZero() && !exponent.gt(0))
      ? outside('an exponent is too large')
      : base.pow(exponent),
  call: (name, argument) => realFunctions[name](argument),
  size: (value) => value.abs().toNumber(),
  isZero: (value) => value.isZero(),
  cost: (_, isCall) => (isCall ? 500 : 5),
  whole: (value) => (value.isInteger() && value.abs().lt(1e15) ? value.toNumber() : null),
  roundoff: 1e-48,
  least: 1e-20,
  greatest: 1e25,
};

const complex = (value: unknown): Complex => math.complex(value as MathNumericType);
const complexOne = complex(1);

const complexFunctions: Record<Exclude<FunctionName, 'negate' | 'factorial' | 'log'>, (x: Complex) => unknown> = {
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

/** Complex numbers in float64, principal values. */
export const complexes: Field<Complex> = {
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
