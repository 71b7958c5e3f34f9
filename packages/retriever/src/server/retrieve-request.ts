import { z } from 'zod';

/** The largest batch, k and body a server accepts; see {@link RetrieverServerOptions} for defaults. */
export interface RequestLimits {
  maxQueries: number;
  maxTopK: number;
}

/** What is wrong with a request, with the HTTP status that says so. */
export interface RequestProblem {
  status: 400 | 413;
  message: string;
}

const requestSchema = z.object(
  {
    queries: z.array(z.string({ error: 'each query must be a string' }), { error: 'expected a list of strings' }),
    topk: z.int({ error: 'expected an integer' }).min(1, { error: 'must be at least 1' }).nullish(),
    return_scores: z.boolean({ error: 'expected true or false' }).nullish(),
  },
  { error: 'expected an object such as {"queries": ["…"], "topk": 3, "return_scores": true}' },
);

export type RetrieveRequest = z.infer<typeof requestSchema>;

/** Reads the body of a `/retrieve` request. Unknown fields are ignored, as the reference server does. */
export function parseRetrieveRequest(
  body: string,
  { maxQueries, maxTopK }: RequestLimits,
): { request: RetrieveRequest } | { problem: RequestProblem } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: { status: 400, message: `the body is not JSON (${reason})` } };
  }
  const parsed = requestSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.join('.');
    return { problem: { status: 400, message: `${field}: ${issue?.message ?? 'invalid'}` } };
  }
  const { queries, topk } = parsed.data;
  if (queries.length > maxQueries) {
    const message = `queries: ${queries.length} are more than the ${maxQueries} this server takes at once; send smaller batches`;
    return { problem: { status: 413, message } };
  }
  if (typeof topk === 'number' && topk > maxTopK) {
    return { problem: { status: 400, message: `topk: ${topk} is more than the ${maxTopK} this server allows` } };
  }
  return { request: parsed.data };
}
