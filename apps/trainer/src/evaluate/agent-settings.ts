import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { z } from 'zod';
import type {
  CatalogueSource,
  ChainOfThoughtSettings,
  CodeSettings,
  EnvironmentSettings,
  HouseholdSettings,
  SearchSettings,
  WebshopSettings,
} from '../compute/environment-settings.js';
import { actionFormats } from '../compute/environment-settings.js';

const whole = (least: number) => z.int().min(least);

const shared = {
  format: z.enum(actionFormats).exactOptional(),
  maxTokensPerTurn: whole(1),
  maxObservationTokens: whole(1),
  maxContextTokens: whole(1),
  promptTemplate: z.string().exactOptional(),
  invalidActionMessage: z.string().exactOptional(),
};

const searchSchema: z.ZodType<SearchSettings> = z.strictObject({
  kind: z.literal('search').exactOptional(),
  topK: whole(1),
  maxSearches: whole(0),
  documentTemplate: z.string().exactOptional(),
  observationPrefix: z.string().exactOptional(),
  observationSuffix: z.string().exactOptional(),
  ...shared,
});

const householdSchema: z.ZodType<HouseholdSettings> = z.strictObject({
  kind: z.literal('household'),
  maxTurns: whole(1),
  ...shared,
});

const catalogueSchema: z.ZodType<CatalogueSource> = z.union([
  z.strictObject({
    products: whole(1),
    seed: whole(0),
    familiesPerKind: whole(1).exactOptional(),
    wishesPerProduct: whole(1).exactOptional(),
    shortAsins: z.boolean().exactOptional(),
  }),
  z.strictObject({ directory: z.string(), seed: whole(0) }),
]);

const webshopSchema: z.ZodType<WebshopSettings> = z.strictObject({
  kind: z.literal('webshop'),
  maxTurns: whole(1),
  catalogue: catalogueSchema,
  observationMode: z.enum(['text', 'text_rich', 'short']).exactOptional(),
  productsPerPage: whole(1).exactOptional(),
  ...shared,
});

const { format: _, ...unformatted } = shared;

const codeSchema: z.ZodType<CodeSettings> = z.strictObject({
  kind: z.literal('code'),
  maxSteps: whole(1),
  topK: whole(1),
  documentTemplate: z.string().exactOptional(),
  observationPrefix: z.string().exactOptional(),
  observationSuffix: z.string().exactOptional(),
  errorAdvice: z.string().exactOptional(),
  ...unformatted,
});

const chainOfThoughtSchema: z.ZodType<ChainOfThoughtSettings> = z.strictObject({
  kind: z.literal('chain-of-thought'),
  maxTokensPerTurn: whole(1),
  maxContextTokens: whole(1),
  promptTemplate: z.string().exactOptional(),
  world: z.strictObject({ seed: whole(0), inventedCountries: whole(20) }).exactOptional(),
});

const schemas = {
  search: searchSchema,
  code: codeSchema,
  'chain-of-thought': chainOfThoughtSchema,
  household: householdSchema,
  webshop: webshopSchema,
} as const;

const kinds = Object.keys(schemas) as (keyof typeof schemas)[];

/** By its kind alone, so that an error names the key of that kind. */
function parseSettings(value: unknown): EnvironmentSettings {
  const { kind = 'search' } = z.looseObject({ kind: z.enum(kinds).optional() }).parse(value);
  return schemas[kind].parse(value);
}

/** The file beside a model's weights that says by which rules it plays. */
const agentFileName = 'agent.json';

/** Writes the rules that a model was trained by into its folder. */
export async function writeAgentSettings(options: { directory: string; settings: EnvironmentSettings }): Promise<void> {
  await writeFile(join(options.directory, agentFileName), `${JSON.stringify(options.settings, null, 2)}\n`);
}

/**
 * The rules by which a model plays, from `agent.json` in its folder. Without that file they are those of Search-R1: 3 passages, 4
 * searches, 500 tokens a turn and an observation, 4096 in all. A model that takes fewer gets an eighth of them a turn and an observation.
 *
 * @throws ConfigError when the file is there but cannot be read; the message names the key.
 */
export async function readAgentSettings(options: {
  directory: string;
  /** Longest sequence of the model. */
  maxPositionEmbeddings: number;
}): Promise<EnvironmentSettings> {
  const where = join(options.directory, agentFileName);
  let text: string;
  try {
    text = await readFile(where, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      const maxContextTokens = Math.min(4096, options.maxPositionEmbeddings);
      const tokens = Math.min(500, Math.floor(maxContextTokens / 8));
      return { topK: 3, maxSearches: 4, maxTokensPerTurn: tokens, maxObservationTokens: tokens, maxContextTokens };
    }
    throw new ConfigError('cannot be read', { where, cause });
  }
  try {
    return parseSettings(JSON.parse(text));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const reason = issue === undefined ? 'is not JSON' : `${issue.path.join('.') || 'the file'}: ${issue.message}`;
    throw new ConfigError(reason, { where, cause });
  }
}
