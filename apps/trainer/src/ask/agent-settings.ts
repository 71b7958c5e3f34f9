import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { EnvironmentSettings } from '../compute/episodes-job.js';
import { hasCode } from '../run/file-system.js';

/** Name of the file in a model folder that keeps the rules of the episodes it was trained on. */
export const agentSettingsName = 'agent.json';

const text = z.string().optional();

const settingsSchema = z.object({
  topK: z.int().min(1),
  maxSearches: z.int().min(0),
  maxTokensPerTurn: z.int().min(1),
  maxObservationTokens: z.int().min(1),
  maxContextTokens: z.int().min(1),
  promptTemplate: text,
  documentTemplate: text,
  observationPrefix: text,
  observationSuffix: text,
  invalidActionMessage: text,
});

/**
 * The rules of an episode from the `agent.json` of a model folder; undefined when it has none.
 *
 * @throws {ModelError} when the file is damaged
 */
export async function readAgentSettings(checkpoint: string): Promise<EnvironmentSettings | undefined> {
  const where = join(checkpoint, agentSettingsName);
  let content: string;
  try {
    content = await readFile(where, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new ModelError('cannot be read', { where, cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (cause) {
    throw new ModelError('is not JSON; train again, or delete it to use the usual rules', { where, cause });
  }
  const parsed = settingsSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ModelError(`${issue?.path.join('.')}: ${issue?.message}`, { where, cause: parsed.error });
  }
  return withoutUndefined(parsed.data);
}

function withoutUndefined(settings: z.output<typeof settingsSchema>): EnvironmentSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as unknown as EnvironmentSettings;
}

/** Rules for a model that brings none: those of DGPO, smaller where the model reads fewer tokens than its 4096. */
export function usualSettings(maxPositionEmbeddings: number): EnvironmentSettings {
  const maxContextTokens = Math.min(4096, maxPositionEmbeddings);
  return {
    topK: 3,
    maxSearches: 4,
    maxTokensPerTurn: Math.min(500, Math.ceil(maxContextTokens / 8)),
    maxObservationTokens: Math.min(500, Math.ceil(maxContextTokens / 4)),
    maxContextTokens,
  };
}
