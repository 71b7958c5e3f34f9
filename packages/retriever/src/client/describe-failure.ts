import { readBody } from './read-body.js';

/** What went wrong below `fetch`, whose own message is only "fetch failed". */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : error.message;
}

/** Status and message of an answer that is an error; frees its connection. */
export async function describeStatus(response: Response): Promise<string> {
  const body = await readBody(response, 1 << 16).catch(() => '');
  let message = body.slice(0, 200);
  try {
    message = String((JSON.parse(body) as { error?: { message?: unknown } }).error?.message ?? message);
  } catch {
    // Not our server's kind of error: the body itself says most.
  }
  return `status ${response.status}${message === '' ? '' : `: ${message}`}`;
}
