/** A passage as a record has it. */
export interface RecordPassage {
  /** Empty if it has none. */
  title: string;
  text: string;
}

/** An unknown as an object with unknown fields; undefined if it is none. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;

/** A text out of a record, without white space around it; undefined if it is none or empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
