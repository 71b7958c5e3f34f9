import { householdFamilies } from '@dgpo/envs/household';
import { z } from 'zod';
import { actionFormats } from '../compute/environment-settings.js';

/** A count of something: a whole number of at least `minimum`. */
export const count = (minimum = 1) => z.int().min(minimum);

/** A weight or rate that may be zero. */
export const nonNegative = () => z.number().min(0);

const path = () => z.string().min(1);

const questionSetSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'use letters, digits, ".", "_" and "-"')
    .describe('Name of the set in tables and reports.'),
  path: path().describe('FlashRAG JSONL or Search-R1 parquet.'),
});

const householdSchema = z.strictObject({
  size: z
    .enum(['full', 'small'])
    .default('full')
    .describe('Rooms as in ALFWorld, or with a third of their furniture and objects, for models that read little.'),
  families: z
    .array(z.enum(householdFamilies))
    .min(1)
    .default([...householdFamilies])
    .describe('The families of tasks to play (ALFWorld: all six).'),
  trainTasks: count().max(60_000).default(600).describe('Games to train on, of each family alike.'),
});

const webshopSchema = z.strictObject({
  size: z
    .enum(['full', 'small'])
    .default('full')
    .describe(
      'Pages as in WebShop, or short ones of three products in a shop with few products of a kind and four wishes for each, for models that read little; 120 products are four of each kind.',
    ),
  products: count()
    .max(100_000)
    .default(1000)
    .describe(
      'Products of the invented shop, each with one wish for it, four in a small one (WebShop has a small shop of 1,000).',
    ),
  catalogue: path()
    .optional()
    .describe(
      "A folder with WebShop's own files (`items_shuffle.json`, `items_ins_v2.json`, `items_human_ins.json`) instead.",
    ),
  trainTasks: count()
    .default(400)
    .describe('Wishes to train on; those of the held-out set come first and are never among them.'),
});

const arithmeticSchema = z.strictObject({
  trainTasks: count().max(20_000).default(2000).describe('Questions to train on: half of one hop, half of two.'),
});

/** The section of the questions of arithmetic of a recipe, also of one that does not have it. */
export const arithmeticData = (data: { arithmetic?: z.output<typeof arithmeticSchema> | undefined }) =>
  data.arithmetic ?? arithmeticSchema.parse({});

/** The section of the household of a recipe, also of one that does not have it. */
export const householdData = (data: { household?: z.output<typeof householdSchema> | undefined }) =>
  data.household ?? householdSchema.parse({});

/** The section of the shop of a recipe, also of one that does not have it. */
export const webshopData = (data: { webshop?: z.output<typeof webshopSchema> | undefined }) =>
  data.webshop ?? webshopSchema.parse({});

export const dataSchema = z
  .strictObject({
    world: z
      .enum(['atlas', 'arithmetic', 'household', 'webshop'])
      .optional()
      .describe(
        'A generated world instead of files of your own; what it asks is written to the run directory. `atlas` has questions to search ' +
          'for, `arithmetic` the same countries with numbers to look up and to reckon with, `household` (ALFWorld) rooms with tasks, `webshop` (WebShop) a shop with wishes.',
      ),
    worldSeed: count(0).default(0).describe('Seed of that world; the shipped demo models know the one of seed 0.'),
    inventedCountries: count(20)
      .default(1500)
      .describe('How many invented countries the worlds `atlas` and `arithmetic` have beside the real ones.'),
    arithmetic: arithmeticSchema.optional().describe('The questions, with `world: arithmetic`.'),
    household: householdSchema.optional().describe('The games of the household, with `world: household`.'),
    webshop: webshopSchema.optional().describe('The shop, with `world: webshop`.'),
    corpus: path()
      .optional()
      .describe('The passages to search: JSONL with `id` and `contents` (title on the first line, then the text).'),
    trainQuestions: path()
      .optional()
      .describe('Training questions: FlashRAG JSONL (`.jsonl`) or Search-R1 parquet (`.parquet`).'),
    validationQuestions: path()
      .optional()
      .describe(
        'Questions for evaluations during training; without them, some of the training questions are set aside.',
      ),
    evalQuestions: z
      .array(questionSetSchema)
      .default([])
      .describe('Held-out question sets, each with a `name` and a `path`.'),
  })
  .superRefine((data, context) => {
    const files = ['corpus', 'trainQuestions', 'validationQuestions'] as const;
    for (const name of files) {
      if (data.world === undefined && name !== 'validationQuestions' && data[name] === undefined) {
        context.addIssue({ code: 'custom', path: [name], message: 'is required (or set data.world to atlas)' });
      }
      if (data.world !== undefined && data[name] !== undefined) {
        context.addIssue({ code: 'custom', path: [name], message: 'cannot stand beside data.world: choose one' });
      }
    }
    const names = data.evalQuestions.map((set) => set.name);
    const repeated = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (repeated !== -1) {
      context.addIssue({
        code: 'custom',
        path: ['evalQuestions', repeated, 'name'],
        message: `"${names[repeated]}" stands twice`,
      });
    }
  });

export const retrieverSchema = z
  .strictObject({
    kind: z
      .enum(['bm25', 'flat', 'hnsw', 'hybrid', 'index', 'server'])
      .default('bm25')
      .describe(
        'Over the corpus, with the embedded encoder: BM25, exact vectors, approximate vectors (HNSW), or BM25 and vectors joined. ' +
          '`index` is a directory that `dgpo-retriever index` wrote, with any encoder; `server` a Search-R1 `/retrieve` server.',
      ),
    topK: count().max(100).default(3).describe('Passages returned for a query (Search-R1 and DGPO: 3).'),
    url: z.url().optional().describe('Address of the server, with `kind: server`.'),
    path: z.string().min(1).optional().describe('The index directory, with `kind: index`.'),
    k1: nonNegative().default(0.9).describe('BM25 term-frequency saturation (Anserini: 0.9).'),
    b: z.number().min(0).max(1).default(0.4).describe('BM25 length normalisation (Anserini: 0.4).'),
    maxErrorRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe(
        'Share of a batch of episodes that failing searches may end (these are left out of training); above it the run stops, its checkpoint saved.',
      ),
  })
  .superRefine((retriever, context) => {
    for (const [kind, key] of [
      ['server', 'url'],
      ['index', 'path'],
    ] as const) {
      if (retriever.kind === kind && retriever[key] === undefined) {
        context.addIssue({ code: 'custom', path: [key], message: `is required with kind: ${kind}` });
      }
      if (retriever.kind !== kind && retriever[key] !== undefined) {
        context.addIssue({ code: 'custom', path: [key], message: `has no effect with kind: ${retriever.kind}` });
      }
    }
  });

/** What a recipe may play that asks questions. */
export const environmentKinds = ['search', 'code', 'chain-of-thought'] as const;

export const environmentSchema = z.strictObject({
  kind: z
    .enum(environmentKinds)
    .optional()
    .describe(
      'How questions are answered: `search` by searching, `code` by Python that can search (CodeAct; needs the package pyodide), ' +
        '`chain-of-thought` in one turn from memory. Without it `code` for `world: arithmetic`, else `search`.',
    ),
  format: z
    .enum(actionFormats)
    .optional()
    .describe('How actions are written; without it `tags` for a search, `react` for a household or a shop.'),
  maxTurns: count()
    .max(1000)
    .optional()
    .describe(
      'Turns of code, or commands in a household or a shop (agent distillation: 5, ALFWorld: 50, WebShop: 15, which hold without it).',
    ),
  maxSearches: count(0)
    .max(64)
    .default(4)
    .describe('Searches before a last turn in which only an answer is accepted (DGPO: 4).'),
  maxTokensPerTurn: count().default(500).describe('Tokens that the policy may write in one turn (DGPO: 500).'),
  maxObservationTokens: count()
    .default(500)
    .describe('Tokens of one observation; document text is cut, tags never are (DGPO: 500).'),
  maxTotalTokens: count()
    .default(4096)
    .describe('Tokens of a whole episode, prompt included; an episode that reaches it ends by `length` (DGPO: 4096).'),
  promptTemplate: z
    .string()
    .optional()
    .describe(
      "The first message, with `{question}` in it, or for a household or a shop `{observation}` and perhaps `{instructions}` and `{format}`; without one, the environment's own text. Questions that carry a rendered prompt (Search-R1 parquet) use theirs.",
    ),
});
