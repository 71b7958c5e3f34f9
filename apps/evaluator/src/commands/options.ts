import { integerFrom } from '@dgpo/trainer';
import { Option } from 'commander';

export const bootstrapOption = () =>
  new Option('--bootstrap-samples <number>', 'resamples of the 95 % intervals').argParser(integerFrom(1)).default(1000);
