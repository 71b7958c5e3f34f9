import type { z } from 'zod';
import { ApiError } from './api-error.js';

/**
 * Reads the body of a request.
 *
 * @throws {ApiError} 400 that names the field
 */
export function parseRequest<Request>(body: string, schema: z.ZodType<Request>): Request {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new ApiError(400, `the body is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).join('.');
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`));
    throw new ApiError(400, `this server has no ${names.join(', ')}; leave ${names.length === 1 ? 'it' : 'them'} out`, {
      param: names[0] ?? null,
      code: 'unknown_parameter',
    });
  }
  throw new ApiError(400, `${path === '' ? 'body' : path}: ${issue?.message ?? 'is not valid'}`, {
    param: path === '' ? null : path,
  });
}
