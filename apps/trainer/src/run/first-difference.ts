import { stableJson } from './stable-hash.js';

/** Where two configurations part. */
export interface Difference {
  /** Dotted; numbers count the items of a list, as in `stages.1.rl.seed`. */
  key: string;
  left: unknown;
  right: unknown;
}

const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** A dotted key against a pattern in which `*` stands for one part. */
function matches(key: string, pattern: string): boolean {
  const parts = key.split('.');
  const wanted = pattern.split('.');
  return parts.length === wanted.length && wanted.every((part, index) => part === '*' || part === parts[index]);
}

/** The first key whose values differ, undefined where there is none; keys that match one of `mayChange` are passed over. */
export function firstDifference(options: {
  left: unknown;
  right: unknown;
  /** Dotted keys; `*` stands for any one part. @default none */
  mayChange?: readonly string[];
  /** Of the two values. @default the root */
  key?: string;
}): Difference | undefined {
  const { left, right, mayChange = [], key = '' } = options;
  if (stableJson(left) === stableJson(right) || mayChange.some((pattern) => matches(key, pattern))) return undefined;
  if (!isTree(left) || !isTree(right) || Array.isArray(left) !== Array.isArray(right)) {
    return { key: key === '' ? 'the configuration' : key, left, right };
  }
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const inner = firstDifference({
      left: left[name],
      right: right[name],
      mayChange,
      key: key === '' ? name : `${key}.${name}`,
    });
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** A value of a configuration in a message; long ones are cut. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
