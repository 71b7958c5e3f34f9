import { type Budget, spend } from './budget.js';
import type { Expression } from './expression.js';
import type { Field } from './field.js';
import { Undecided } from './undecided.js';

export interface EvaluateOptions<Value> {
  expression: Expression;
  field: Field<Value>;
  /** The values of the free symbols. */
  symbols: ReadonlyMap<string, Value>;
  /** What `log` without a base means. */
  logBase: 'e' | '10';
  budget: Budget;
}

/** 200! has 1,246 bits. */
const maxFactorial = 200;

/**
 * The value of an expression and the largest magnitude on the way to it, which bounds what rounding can have done.
 * @throws Undecided where the field has no such value or it is out of the field's reach.
 */
export function evaluate<Value>(options: EvaluateOptions<Value>): { value: Value; largest: number } {
  const { field, symbols, logBase, budget } = options;
  let largest = 0;

  const kept = (value: Value, of: 'sum' | 'product' | 'call'): Value => {
    spend(budget, field.cost(value, of === 'call'));
    const size = field.size(value);
    if (Number.isNaN(size)) throw new Undecided('a value is not a number there');
    // What a sum leaves may be rounding alone, which is no reason to give up.
    const isTiny = size < field.least && of === 'product' && !field.isZero(value);
    if (size > field.greatest || isTiny) throw new Undecided('a value is too large or too small to compare');
    largest = Math.max(largest, size);
    return value;
  };

  const factorial = (argument: Value): Value => {
    const whole = field.whole(argument);
    if (whole === null || whole < 0 || whole > maxFactorial) throw new Undecided('a factorial is out of reach');
    let product = field.number('1');
    for (let factor = 2; factor <= whole; factor++) {
      product = kept(field.multiply(product, field.number(String(factor))), 'product');
    }
    return product;
  };

  const visit = (expression: Expression): Value => {
    if (expression.kind === 'number') return kept(field.number(expression.text), 'product');
    if (expression.kind === 'constant') {
      if (expression.name === 'infinity') throw new Undecided('infinity inside a formula');
      return kept(field.constant(expression.name), 'product');
    }
    if (expression.kind === 'symbol') {
      const value = symbols.get(expression.name);
      if (value === undefined) throw new Undecided(`no value for ${expression.name}`);
      return value;
    }
    if (expression.kind === 'call') {
      const argument = visit(expression.argument);
      if (expression.name === 'negate') return field.subtract(field.number('0'), argument);
      if (expression.name === 'factorial') return kept(factorial(argument), 'product');
      if (expression.name !== 'log') return kept(field.call(expression.name, argument), 'call');
      const natural = field.call('ln', argument);
      return kept(logBase === 'e' ? natural : field.divide(natural, field.call('ln', field.number('10'))), 'call');
    }
    const left = visit(expression.left);
    const right = visit(expression.right);
    switch (expression.operator) {
      case '+':
        return kept(field.add(left, right), 'sum');
      case '-':
        return kept(field.subtract(left, right), 'sum');
      case '*':
        return kept(field.multiply(left, right), 'product');
      case '/':
        if (field.isZero(right)) throw new Undecided('division by zero');
        return kept(field.divide(left, right), 'product');
      case '^':
        spend(budget, field.cost(right, field.whole(right) === null));
        return kept(field.power(left, right), 'product');
    }
  };

  const value = visit(options.expression);
  return { value, largest };
}
