import { DatasetError } from '@dgpo/trajectory';

/** A line, row or passage that was left out. */
export interface InvalidPassage {
  /** `file:line`, or `file: row N` of a parquet file. */
  where: string;
  /** What is wrong with it. */
  message: string;
  /** How many have been left out so far, this one included. */
  count: number;
}

/** Says that something in a corpus is no passage: returns when it is to be left out, throws otherwise. */
export type RejectPassage = (where: string, message: string, cause?: unknown) => void;

/** Throws a DatasetError on the first invalid passage, or with `skipInvalid` counts them and tells `onInvalid`. */
export function createRejectPassage({
  skipInvalid = false,
  onInvalid,
}: {
  skipInvalid?: boolean | undefined;
  onInvalid?: ((invalid: InvalidPassage) => void) | undefined;
}): RejectPassage {
  let count = 0;
  return (where, message, cause) => {
    if (!skipInvalid) throw new DatasetError(message, { where, cause });
    count++;
    onInvalid?.({ where, message, count });
  };
}
