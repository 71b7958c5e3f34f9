import type { Fraction, MathJsInstance } from 'mathjs';
import { type Field, outside } from './field.js';

/** Of whole numbers, and of the parts of quotients. */
const maxBits = { whole: 5000, quotient: 2000 };

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

/** Whole numbers of up to 5,000 bits and quotients of up to 2,000: exact. */
export function createRationals(math: MathJsInstance): Field<Fraction> {
  /** The exact value of a literal. */
  function parseDecimal(text: string): Fraction {
    const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
    const [whole = '', decimals = ''] = mantissa.split('.');
    const shift = Number(exponent) - decimals.length;
    const digits = BigInt(`${whole}${decimals}`);
    return shift < 0 ? math.fraction(digits, 10n ** BigInt(-shift)) : math.fraction(digits * 10n ** BigInt(shift), 1n);
  }

  const rationals: Field<Fraction> = {
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
  return rationals;
}
