import { z } from 'zod';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** Bytes that the trainer has, by their hash. */
const blobSchema = z.strictObject({ sha256: sha256Schema, bytes: z.int().min(0) });

export type Blob = z.output<typeof blobSchema>;

/** Files of a folder, listed in an artifact of its own. */
export const manifestSchema = z.strictObject({
  files: z.array(blobSchema.extend({ path: z.string().min(1).max(1000) })).max(100_000),
});

export type Manifest = z.output<typeof manifestSchema>;

const wireModelSchema = z.discriminatedUnion('kind', [
  /** All parameters, as flat safetensors. */
  z.strictObject({ kind: z.literal('weights'), config: z.record(z.string(), z.unknown()), weights: blobSchema }),
  /** A model folder, perhaps with adapters; of what is trained, the values alone travel. */
  z.strictObject({
    kind: z.literal('folder'),
    base: blobSchema,
    lora: z.record(z.string(), z.unknown()).exactOptional(),
    seed: z.int(),
    adapter: blobSchema.exactOptional(),
    trainable: blobSchema.exactOptional(),
  }),
]);

export type WireModel = z.output<typeof wireModelSchema>;

/** The only form that is understood; a worker of another one refuses the job. */
export const wireFormat = 1;

/** A job as a worker fetches it from the trainer. Folders are hashes: paths of the trainer's disk mean nothing elsewhere. */
export const wireJobSchema = z.strictObject({
  format: z.literal(wireFormat),
  job: z.looseObject({ kind: z.enum(['episodes', 'read']) }),
  /** Absent for the scripted expert. */
  model: wireModelSchema.exactOptional(),
  tokenizer: blobSchema,
  /** The search index; absent for a search engine that has a URL. */
  index: blobSchema.exactOptional(),
  /** The files of a shop's products; absent for invented ones. */
  catalogue: blobSchema.exactOptional(),
});

export type WireJob = z.output<typeof wireJobSchema>;

/** What lies in Redis of a job, besides its id. */
export const ticketSchema = z.strictObject({
  /** Worker processes that have this job already, or failed at it. */
  avoid: z.array(z.string()),
});

export type Ticket = z.output<typeof ticketSchema>;
