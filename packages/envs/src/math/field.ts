import type { FunctionName } from './expression.js';
import { Undecided } from './undecided.js';

/** The functions that a field computes; the others are made of its operations. */
export type FieldFunction = Exclude<FunctionName, 'negate' | 'factorial' | 'log'>;

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
  call(name: FieldFunction, argument: Value): Value;
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

/** @throws Undecided always */
export function outside(reason: string): never {
  throw new Undecided(reason);
}
