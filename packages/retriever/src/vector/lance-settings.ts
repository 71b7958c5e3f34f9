import { ConfigError } from '@dgpo/trajectory';
import { z } from 'zod';

const positive = z.number().int().positive();

const ivfPqSchema = z.strictObject({
  type: z.literal('ivf-pq'),
  numPartitions: positive.exactOptional(),
  numSubVectors: positive.exactOptional(),
});
const hnswSqSchema = z.strictObject({
  type: z.literal('hnsw-sq'),
  numPartitions: positive.exactOptional(),
  m: positive.exactOptional(),
  efConstruction: positive.exactOptional(),
});

const lanceSettingsSchema = z.strictObject({
  table: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'the name of a table has letters, digits and _ . - alone')
    .default('vectors'),
  index: z.discriminatedUnion('type', [ivfPqSchema, hnswSqSchema]).nullable().default(null),
  nprobes: positive.default(20),
  ef: positive.nullable().default(null),
  refineFactor: positive.default(10),
});

/** Settings with every default filled in, as they lie in a manifest. */
export type ResolvedLanceSettings = z.infer<typeof lanceSettingsSchema>;

/** An approximate index of LanceDB, with the names of its options there; what is left out LanceDB chooses by the number of rows. */
export type LanceIndexSettings = z.infer<typeof ivfPqSchema> | z.infer<typeof hnswSqSchema>;

export interface LanceSettings {
  /**
   * Name of the table.
   * @default 'vectors'
   */
  table?: string;
  /**
   * The approximate index that `save` builds over 256 vectors or more; null for exact scans. `ivf-pq` (inverted lists, product
   * quantisation) is the smallest; `hnsw-sq` (a graph, a byte a number) finds more and takes only vectors of length 1.
   * @default null
   */
  index?: LanceIndexSettings | null;
  /**
   * Partitions of an approximate index that a search looks into.
   * @default 20
   */
  nprobes?: number;
  /**
   * Candidates that a search looks at in each graph of `hnsw-sq`; null for LanceDB's choice.
   * @default null
   */
  ef?: number | null;
  /**
   * Candidates of an approximate index that are compared again with their full vectors, as a multiple of `topK`.
   * @default 10
   */
  refineFactor?: number;
}

/** @throws ConfigError for settings outside their range. */
export function resolveLanceSettings(settings: LanceSettings): ResolvedLanceSettings {
  const parsed = lanceSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(`a setting of LanceDB is wrong: ${issue?.path.join('.') || 'settings'}: ${issue?.message}`, {
    cause: parsed.error,
  });
}
