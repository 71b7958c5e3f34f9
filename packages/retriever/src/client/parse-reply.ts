import type { RetrievedDocument } from '@dgpo/trajectory';
import { z } from 'zod';

const documentSchema = z
  .union([
    // Search-R1's reranking server sends the bare text, its web search servers send no id.
    z.string().transform((contents) => ({ contents })),
    z.object({ id: z.union([z.string(), z.number()]).optional(), contents: z.string() }),
  ])
  .transform((document) => ({
    id: 'id' in document && document.id !== undefined ? String(document.id) : '',
    contents: document.contents,
  }));

const scoredSchema = z
  .object({ document: documentSchema, score: z.number().nullish() })
  .transform(({ document, score }): RetrievedDocument => ({ document, score: score ?? 0 }));

const replySchema = z.object({
  result: z.array(
    z.union([
      z.array(scoredSchema),
      z.array(documentSchema.transform((document): RetrievedDocument => ({ document, score: 0 }))),
    ]),
  ),
});

/**
 * Reads the body of a `/retrieve` reply in either form: with scores (`{"document", "score"}`) or without (the bare document).
 * A missing score is 0, a missing id is empty; lists longer than `topK` are cut.
 * @throws Error that says what does not fit.
 */
export function parseReply(body: string, { queries, topK }: { queries: number; topK: number }): RetrievedDocument[][] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Error(`it is not JSON: ${JSON.stringify(body.slice(0, 80))}`);
  }
  const parsed = replySchema.safeParse(value);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') || 'the body';
    throw new Error(`${path} is not as in {"result": [[{"document": {"id", "contents"}, "score"}]]}`);
  }
  const { result } = parsed.data;
  if (result.length !== queries) throw new Error(`it has ${result.length} lists for ${queries} queries`);
  return result.map((list) => list.slice(0, topK));
}
