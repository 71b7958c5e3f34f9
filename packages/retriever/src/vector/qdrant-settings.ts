import { ConfigError } from '@dgpo/trajectory';
import { z } from 'zod';

export interface QdrantSettings {
  /**
   * Keep the full vectors of the collection on disk.
   * @default false
   */
  onDisk?: boolean;
  /**
   * Keep a byte a number in memory for the search; what it finds is scored again with the full vectors.
   * @default null
   */
  quantization?: 'int8' | null;
  /**
   * Compare with every vector instead of walking the graph.
   * @default false
   */
  exact?: boolean;
  /**
   * Candidates looked at in a search of the graph; null for the server's choice.
   * @default null
   */
  efSearch?: number | null;
}

const settingsSchema = z.strictObject({
  onDisk: z.boolean().default(false),
  quantization: z.literal('int8').nullable().default(null),
  exact: z.boolean().default(false),
  efSearch: z.number().int().positive().nullable().default(null),
});

/** Settings with every default filled in, as they lie in a manifest. */
export type ResolvedQdrantSettings = z.infer<typeof settingsSchema>;

/** @throws ConfigError for settings outside their range. */
export function resolveQdrantSettings(settings: QdrantSettings): ResolvedQdrantSettings {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(`a setting of Qdrant is wrong: ${issue?.path.join('.') || 'settings'}: ${issue?.message}`, {
    cause: parsed.error,
  });
}
