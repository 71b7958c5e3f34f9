import type { z } from 'zod';

/** The first issues of a refused value in one line: key and what was expected. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.length === 0 ? 'line' : issue.path.join('.')}: ${issue.message}`)
    .join('; ');
}
