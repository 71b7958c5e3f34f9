import { z } from 'zod';

/** Numbers, or their float32 bytes (little-endian) in base64. */
const embeddingSchema = z.union([z.array(z.number()), z.string()]);

const openaiSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: embeddingSchema })),
});
const teiSchema = z.array(z.array(z.number()));

function decode(embedding: z.infer<typeof embeddingSchema>): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding);
  const bytes = Buffer.from(embedding, 'base64');
  if (bytes.length % 4 !== 0) throw new Error(`an embedding has ${bytes.length} bytes, which are no float32 numbers`);
  return Float32Array.from({ length: bytes.length / 4 }, (_, column) => bytes.readFloatLE(4 * column));
}

/**
 * The vectors in the reply of an embeddings server, in the order of the texts: `{"data": [{"index", "embedding"}]}` of OpenAI's API in any
 * order, `[[…]]` of Text Embeddings Inference.
 * @throws Error that says what does not fit.
 */
export function parseEmbeddings(
  reply: unknown,
  { api, count, dimension }: { api: 'openai' | 'tei'; count: number; dimension: number | undefined },
): Float32Array[] {
  const vectors = new Array<Float32Array | undefined>(count);
  if (api === 'tei') {
    const parsed = teiSchema.safeParse(reply);
    if (!parsed.success) throw new Error('it is not as in [[0.1, …], …]');
    if (parsed.data.length !== count) throw new Error(`it has ${parsed.data.length} vectors for ${count} texts`);
    for (const [index, embedding] of parsed.data.entries()) vectors[index] = decode(embedding);
  } else {
    const parsed = openaiSchema.safeParse(reply);
    if (!parsed.success) throw new Error('it is not as in {"data": [{"index", "embedding"}]}');
    const { data } = parsed.data;
    if (data.length !== count) throw new Error(`it has ${data.length} vectors for ${count} texts`);
    for (const { index, embedding } of data) {
      if (index >= count || vectors[index] !== undefined)
        throw new Error(`its index ${index} is too large or there twice`);
      vectors[index] = decode(embedding);
    }
  }
  const expected = dimension ?? vectors[0]?.length ?? 0;
  return Array.from(vectors, (vector) => {
    if (vector === undefined) throw new Error('a vector is missing');
    if (vector.length !== expected || expected === 0) {
      throw new Error(`a vector has ${vector.length} entries instead of ${expected}`);
    }
    if (!vector.every(Number.isFinite)) throw new Error('a vector has an entry that is not finite');
    return vector;
  });
}
