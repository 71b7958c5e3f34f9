import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';

const checkpointName = 'encoding.json';

const checkpointSchema = z.object({
  formatVersion: z.literal(1),
  encoder: z.record(z.string(), z.unknown()),
  dimension: z.number().int().positive(),
  total: z.number().int().nonnegative(),
  shardSize: z.number().int().positive(),
  /** Finished shards in order. The pattern keeps a hostile file from naming files elsewhere. */
  shards: z.array(
    z.object({
      file: z.string().regex(/^vectors-\d+\.f32$/),
      rows: z.number().int().positive(),
      /** SHA-256 (hex) over the ids and contents of the shard's passages. */
      passages: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

/** How far an encoding run is; stored as `encoding.json` beside its shards. */
export type EncodingCheckpoint = z.infer<typeof checkpointSchema>;

/** Replaces the checkpoint in one step. */
export async function writeCheckpoint(directory: string, checkpoint: EncodingCheckpoint): Promise<void> {
  const path = join(directory, checkpointName);
  const partial = `${path}.partial`;
  try {
    await writeFile(partial, `${JSON.stringify(checkpoint, null, 2)}\n`);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw cause;
  }
}

async function isWhole(path: string, bytes: number): Promise<boolean> {
  return stat(path).then(
    (found) => found.size === bytes,
    () => false,
  );
}

/** What may go on: settings by their JSON, whose keys keep their order in a file. */
const sameSettings = (left: object, right: object) => JSON.stringify(left) === JSON.stringify(right);

/**
 * The shards that an earlier run finished, up to the first that is missing or cut. Without a checkpoint there are none.
 * @throws RetrieverError when the checkpoint is damaged or of another encoder, corpus or size of shards.
 */
export async function readFinishedShards(
  directory: string,
  expected: Omit<EncodingCheckpoint, 'formatVersion' | 'shards'>,
): Promise<EncodingCheckpoint['shards']> {
  const where = join(directory, checkpointName);
  let text: string;
  try {
    text = await readFile(where, 'utf8');
  } catch {
    return [];
  }
  let found: EncodingCheckpoint;
  try {
    found = checkpointSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new RetrieverError('the checkpoint is damaged; delete its directory to encode from the beginning', {
      where,
      cause,
    });
  }
  const differing =
    found.dimension !== expected.dimension || !sameSettings(found.encoder, expected.encoder)
      ? 'encoder'
      : found.total !== expected.total
        ? 'corpus'
        : found.shardSize !== expected.shardSize
          ? 'size of shards'
          : undefined;
  if (differing !== undefined) throw otherRun(where, differing);
  const whole: EncodingCheckpoint['shards'] = [];
  for (const shard of found.shards) {
    if (!(await isWhole(join(directory, shard.file), 4 * shard.rows * expected.dimension))) break;
    whole.push(shard);
  }
  return whole;
}

/** The error of a checkpoint that does not belong to the run at hand. */
export function otherRun(where: string, differing: string): RetrieverError {
  return new RetrieverError(
    `these vectors are of another ${differing}; delete the directory to encode from the beginning, or choose another one`,
    { where },
  );
}
