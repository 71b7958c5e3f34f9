import { ModelError } from '@dgpo/trajectory';

/** An object of a JSON file as a map, so that names such as "__proto__" are entries like any other. */
export function objectAt(value: unknown, where: string): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ModelError(`${where} is no object`);
  return new Map(Object.entries(value));
}

export function arrayAt(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new ModelError(`${where} is no array`);
  return value;
}

export function expectValue(value: unknown, allowed: readonly unknown[], where: string): void {
  if (!allowed.includes(value)) {
    throw new ModelError(`${where} is ${JSON.stringify(value)}; only ${JSON.stringify(allowed[0])} is supported`);
  }
}
