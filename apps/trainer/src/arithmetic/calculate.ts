import type { Operation } from './arithmetic-plan.js';

export interface Calculation {
  /** In Python, with the numbers written out. */
  expression: string;
  answer: string;
}

/** Python rounds halves to even, people up: a question that would need it is no good. */
export const isHalf = (value: number) => Math.abs(value - Math.floor(value) - 0.5) < 1e-9;

/** The value of an operation before it is rounded; of a comparison how much more the first is. */
export function exactValue(operation: Operation, numbers: readonly number[]): number {
  const [first = 0, second = 0] = numbers;
  const sum = numbers.reduce((total, number) => total + number, 0);
  if (operation === 'sum') return sum;
  if (operation === 'average') return sum / numbers.length;
  return operation === 'ratio' ? first / second : first - second;
}

/** An operation on numbers of countries in the order of its plan. */
export function calculate(options: {
  operation: Operation;
  numbers: readonly number[];
  names: readonly string[];
}): Calculation {
  const { operation, numbers, names } = options;
  const value = exactValue(operation, numbers);
  const added = numbers.join(' + ');
  switch (operation) {
    case 'sum':
      return { expression: added, answer: `${value}` };
    case 'difference':
      return { expression: numbers.join(' - '), answer: `${value}` };
    case 'ratio':
      return { expression: `round(${numbers.join(' / ')})`, answer: `${Math.round(value)}` };
    case 'average':
      return { expression: `round((${added}) / ${numbers.length})`, answer: `${Math.round(value)}` };
    case 'comparison': {
      const [first = '', second = ''] = names;
      const expression = `${JSON.stringify(first)} if ${numbers.join(' > ')} else ${JSON.stringify(second)}`;
      return { expression, answer: value > 0 ? first : second };
    }
  }
}
