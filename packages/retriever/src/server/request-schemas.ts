import { z } from 'zod';
import { RequestError } from './request-error.js';

const topKSchema = z.int({ error: 'expected an integer' }).min(1, { error: 'must be at least 1' }).nullish();
const flagSchema = z.boolean({ error: 'expected true or false' }).nullish();
const queriesSchema = z.array(z.string({ error: 'each query must be a string' }), {
  error: 'expected a list of strings',
});

export const retrieveRequestSchema = z.object(
  { queries: queriesSchema, topk: topKSchema, return_scores: flagSchema },
  { error: 'expected an object such as {"queries": ["…"], "topk": 3, "return_scores": true}' },
);

// Fields that a caller adds (an id, a URL) come back with the passage.
const passageSchema = z.looseObject(
  { contents: z.string({ error: 'expected a string' }) },
  { error: 'each document must be an object with contents' },
);
const rerankDocumentSchema = z.union(
  [passageSchema, z.object({ document: passageSchema }).transform(({ document }) => document)],
  { error: 'each document must be {"contents": "…"} or {"document": {"contents": "…"}}' },
);

export const rerankRequestSchema = z.object(
  {
    queries: queriesSchema,
    documents: z.array(z.array(rerankDocumentSchema, { error: 'expected a list of documents' }), {
      error: 'expected one list of documents for each query',
    }),
    rerank_topk: topKSchema,
    return_scores: flagSchema,
  },
  { error: 'expected an object such as {"queries": ["…"], "documents": [[{"contents": "…"}]], "rerank_topk": 3}' },
);

export const embeddingsRequestSchema = z.object(
  {
    input: z.union([z.string(), z.array(z.string())], { error: 'expected a string or a list of strings' }),
    model: z.string({ error: 'expected a string' }).optional(),
    encoding_format: z.enum(['float', 'base64'], { error: 'expected "float" or "base64"' }).nullish(),
    dimensions: z.int({ error: 'expected an integer' }).nullish(),
    input_type: z.enum(['query', 'passage'], { error: 'expected "query" or "passage"' }).nullish(),
  },
  { error: 'expected an object such as {"model": "…", "input": ["…"]}' },
);

const documentSchema = z.looseObject({ id: z.string(), contents: z.string() });
const listOfSchema = (document: z.ZodType) =>
  z.object({
    result: z.array(z.array(z.union([z.object({ document, score: z.number() }), document]))),
  });
export const retrieveResponseSchema = listOfSchema(documentSchema);
export const rerankResponseSchema = listOfSchema(passageSchema);

export const embeddingsResponseSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int().min(0),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int().min(0), total_tokens: z.int().min(0) }),
});

export const statusResponseSchema = z.object({
  status: z.enum(['ok', 'ready', 'loading', 'failing', 'closing']),
  kind: z.string().optional(),
  documents: z.int().min(0).optional(),
  fingerprint: z.string().optional(),
});

export const errorResponseSchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * Reads the body of a request. Fields that the schema does not know are ignored, as the reference server does.
 * @throws RequestError 400 that names the first field that does not fit.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError(400, `the body is not JSON (${reason})`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.join('.');
  throw new RequestError(400, `${field}: ${issue?.message ?? 'invalid'}`);
}
