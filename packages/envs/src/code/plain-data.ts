import type { PlainData } from '../text-world/text-world.js';

/** Whoever walks deeper data later, as `JSON.stringify` does, could run out of stack. */
const maxDepth = 100;
const maxCharacters = 1024 * 1024;

const isDeeper = (value: unknown, depth: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth === 0 || Object.values(value).some((part) => isDeeper(part, depth - 1)));

/**
 * A value as JSON would have it, so that a state survives JSON: no getter, no prototype, no `undefined`, no infinity goes in.
 * @throws RangeError for data that is nested too deep or too long
 */
export function asPlainData(value: unknown): PlainData {
  if (isDeeper(value, maxDepth)) throw new RangeError(`data of a tool may be nested ${maxDepth} deep, not deeper`);
  const text = JSON.stringify(value) ?? 'null';
  if (text.length > maxCharacters) {
    throw new RangeError(`data of a tool may have ${maxCharacters} characters, found ${text.length}`);
  }
  return JSON.parse(text) as PlainData;
}
