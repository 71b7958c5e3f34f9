import type { Trajectory } from '../trajectory.js';

/** Reads the records of one log format. */
export interface LogAdapter {
  /** What a record of the format looks like, for messages. */
  expected: string;
  /** True when the shape of the record tells that it is of this format, whether or not it can be read to the end. */
  fits: (record: unknown) => boolean;
  /**
   * True when the record may be one of this format where the format is known: a text without any of its marks is a failed episode.
   * @default fits
   */
  accepts?: (record: unknown) => boolean;
  /** @throws DatasetError that says which key is missing or wrong. */
  toTrajectory: (record: unknown) => Trajectory;
}

/** A JSON object. */
export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value, or the object that it holds as JSON text. */
export function asFields(value: unknown): Fields | null {
  if (isFields(value)) return value;
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return isFields(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** The first of the keys that has text which is not blank. */
export function firstText(fields: Fields, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  return null;
}

/** Any JSON value as a person would write it: text as it is, anything else as JSON. */
export const plainText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

/**
 * A copy that holds nothing else alive: V8 keeps the whole parent of a slice in memory, so a query of ten words would keep its episode.
 */
export const detach = (text: string): string => ` ${text}`.slice(1);
