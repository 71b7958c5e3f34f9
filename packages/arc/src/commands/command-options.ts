import { type LogFormat, logFormats } from '@dgpo/trajectory';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { groupingNames } from '../measures/group-by.js';

/** Where a command writes. */
export interface CommandStreams {
  writeOut: (text: string) => void;
  writeError: (text: string) => void;
}

/** The flags that every command has. */
export interface CommonFlags {
  out?: string;
  json?: boolean;
  bootstrapSamples: number;
  seed: number;
}

/** The flags of commands that read logs. */
export interface LogFlags {
  format: LogFormat | 'auto';
  strict?: boolean;
}

/** Adds {@link LogFlags}. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <name>', 'what wrote the logs; auto goes by the first record')
        .choices(['auto', ...logFormats])
        .default('auto'),
    )
    .option('--strict', 'stop with an error at the first record that is no episode');
}

/** Adds {@link CommonFlags}. */
export function addCommonOptions(command: Command, outHelp: string): Command {
  return command
    .option('--out <folder>', outHelp)
    .option('--json', 'print one JSON object with every figure instead of a table')
    .option('--bootstrap-samples <n>', 'resamples of the 95 % intervals', parseWhole(1), 1000)
    .option('--seed <n>', 'seed of the resampling', parseWhole(0), 0);
}

/** The flag that chooses the groups. */
export const groupByOption = () =>
  new Option('--group-by <key>', 'what to break figures down by; auto takes hops, else type')
    .choices(groupingNames)
    .default('auto');

/** A parser of whole numbers from a minimum on. */
export const parseWhole =
  (minimum: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || !Number.isSafeInteger(value)) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}.`);
    }
    return value;
  };
