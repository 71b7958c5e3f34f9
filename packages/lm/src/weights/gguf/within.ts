import { ModelError } from '@dgpo/trajectory';

const longestName = 100;

/** A name from a file as it appears in messages: quoted, escaped and of bounded length. */
export function quote(name: string): string {
  return JSON.stringify(name.length > longestName ? `${name.slice(0, longestName)}…` : name);
}

/** Runs `read` and says in any error what was being read. */
export async function within<Result>(what: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw new ModelError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
