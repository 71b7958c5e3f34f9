import { engineNames } from '@dgpo/lm';
import { InvalidArgumentError, Option } from 'commander';

/** Parses an integer of at least `minimum`. */
export const integerFrom = (minimum: number) => (text: string) => {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < minimum || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError(`It must be an integer of at least ${minimum}.`);
  }
  return value;
};

/** Parses a number of at least 0. */
export const nonNegativeNumber = (text: string) => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('It must be a number of at least 0.');
  }
  return value;
};

/** Parses a number in (0, 1]. */
export const fractionUpTo1 = (text: string) => {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1)) {
    throw new InvalidArgumentError('It must be a number above 0 and at most 1.');
  }
  return value;
};

export const engineOption = () =>
  new Option('--engine <name>', 'TensorFlow.js backend; auto takes the fastest that works here')
    .choices(['auto', ...engineNames] as const)
    .default('auto' as const);

export const seedOption = () =>
  new Option('--seed <number>', 'seed of every random choice').argParser(integerFrom(0)).default(0);

export const jsonOption = () => new Option('--json', 'print one JSON object to stdout and nothing else');
