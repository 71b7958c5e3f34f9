import type { BigNumber, MathJsInstance } from 'mathjs';
import { type Field, type FieldFunction, outside } from './field.js';

/** The exponential of anything larger is out of reach, and takes decimal arithmetic minutes. */
const near = (x: BigNumber): BigNumber => (x.abs().gt(100) ? outside('an exponent is too large') : x);

/** Real numbers of 50 digits; a value that is not real is NaN. */
export function createReals(math: MathJsInstance): Field<BigNumber> {
  const one = math.bignumber(1);

  const realFunctions: Record<FieldFunction, (x: BigNumber) => BigNumber> = {
    sin: (x) => x.sin(),
    cos: (x) => x.cos(),
    tan: (x) => x.tan(),
    cot: (x) => one.div(x.tan()),
    sec: (x) => one.div(x.cos()),
    csc: (x) => one.div(x.sin()),
    sinh: (x) => near(x).sinh(),
    cosh: (x) => near(x).cosh(),
    tanh: (x) => near(x).tanh(),
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
    exp: (x) => near(x).exp(),
    abs: (x) => x.abs(),
    ln: (x) => x.ln(),
    floor: (x) => x.floor(),
    ceil: (x) => x.ceil(),
  };

  return {
    number: (text) => math.bignumber(text),
    constant: (name) => (name === 'i' ? outside('not real') : name === 'e' ? one.exp() : math.bignumber(-1).acos()),
    add: (left, right) => left.plus(right),
    subtract: (left, right) => left.minus(right),
    multiply: (left, right) => left.times(right),
    divide: (left, right) => left.div(right),
    power(base, exponent) {
      if (base.isZero()) return exponent.gt(0) ? base : outside('zero to the power of zero or less');
      near(math.bignumber(exponent.toNumber() * Math.log(base.abs().toNumber())));
      return base.pow(exponent);
    },
    call: (name, argument) => realFunctions[name](argument),
    size: (value) => value.abs().toNumber(),
    isZero: (value) => value.isZero(),
    cost: (_, isCall) => (isCall ? 500 : 5),
    whole: (value) => (value.isInteger() && value.abs().lt(1e15) ? value.toNumber() : null),
    roundoff: 1e-48,
    least: 1e-20,
    greatest: 1e25,
  };
}
