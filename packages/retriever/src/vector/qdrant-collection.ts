import { RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { type QdrantConnection, type QdrantPlace, refusalStatus } from './qdrant-client.js';

const pointId = z.number().int().nonnegative();
export const foundSchema = z.object({ points: z.array(z.object({ id: pointId, score: z.number() })) });
const countSchema = z.object({ count: z.number().int().nonnegative() });
const scrollSchema = z.object({
  points: z.array(z.object({ id: pointId })),
  next_page_offset: pointId.nullish(),
});
const collectionSchema = z.object({
  config: z.object({ params: z.object({ vectors: z.object({ size: z.number(), distance: z.string() }) }) }),
});

/** What the server sent, as it must be. @throws RetrieverError when it is something else. */
export function readReply<T>(schema: z.ZodType<T>, reply: unknown, { url }: QdrantPlace): T {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RetrieverError(`this is not an answer of Qdrant (${issue?.path.join('.')}: ${issue?.message})`, {
    where: url,
    cause: parsed.error,
  });
}

export const countPoints = async ({ call, place }: QdrantConnection) => {
  const reply = await call('count its points', (client, collection) => client.count(collection, { exact: true }));
  return readReply(countSchema, reply, place).count;
};

/** Whether the collection is there. @throws RetrieverError when it is of another dimension or distance. */
export async function checkCollection({ call, place }: QdrantConnection, dimension: number): Promise<boolean> {
  const where = `${place.url}/collections/${place.collection}`;
  let reply: unknown;
  try {
    reply = await call('describe the collection', (client, collection) => client.getCollection(collection));
  } catch (error) {
    if (refusalStatus(error) === 404) return false;
    throw error;
  }
  const parsed = collectionSchema.safeParse(reply);
  if (!parsed.success) {
    throw new RetrieverError('the collection does not hold one unnamed vector a point; choose another', { where });
  }
  const { size, distance } = parsed.data.config.params.vectors;
  if (size !== dimension || distance !== 'Dot') {
    throw new RetrieverError(
      `the collection is of ${size} numbers by ${distance}, not of ${dimension} by Dot; choose another`,
      { where },
    );
  }
  return true;
}

/** One more than the greatest id, when points were added after the pointer was written. */
export async function findLength({ call, place }: QdrantConnection, known: number): Promise<number> {
  let length = known;
  for (let offset: number | null | undefined = known; offset !== null && offset !== undefined; ) {
    const page: Record<string, unknown> = { offset, limit: 10_000, with_payload: false, with_vector: false };
    const reply = await call('list its points', (client, collection) => client.scroll(collection, page));
    const { points, next_page_offset }: z.infer<typeof scrollSchema> = readReply(scrollSchema, reply, place);
    for (const { id } of points) length = Math.max(length, id + 1);
    offset = next_page_offset;
  }
  return length;
}
