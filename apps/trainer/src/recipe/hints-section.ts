import { z } from 'zod';
import { count } from './data-sections.js';

/** How hints are made of failures, chosen for a task and taken away again. */
export const hintsSchema = z
  .strictObject({
    writer: z
      .enum(['rules', 'server'])
      .default('rules')
      .describe('Who makes hints of failed episodes: rules that need no model, or a model behind a server.'),
    retrieval: z
      .enum(['bm25', 'tfidf', 'first', 'server'])
      .default('bm25')
      .describe(
        'How the hints of a task are chosen among those of its family: by the words of the task and of what is seen first, the most ' +
          'frequent ones (`first`), or by a model behind a server (as published).',
      ),
    k: count()
      .max(100)
      .default(3)
      .describe('Hints of one task, retrieved once before it is played (published runs: 3).'),
    pad: z
      .boolean()
      .default(true)
      .describe('Whether the most frequent hints fill up what the retrieval leaves free of `k`.'),
    similarity: z
      .enum(['ratcliff-obershelp', 'levenshtein'])
      .default('ratcliff-obershelp')
      .describe('How alike two hints are: as the published runs computed it, or as their paper says.'),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.85)
      .describe('A hint that is more alike than this to a more frequent one of its family is left out.'),
    maxHints: count()
      .max(20)
      .optional()
      .describe('Hints of one failed episode at most; without a number, 4 of a household and 2 of a shop.'),
    repeats: count(2)
      .default(3)
      .describe('With `writer: rules`: the same command so often in a row counts as repeated.'),
    filter: z
      .enum(['paper', 'reference'])
      .default('paper')
      .describe(
        'Which successes are learned from. `paper`: at most 2 invalid or repeated actions in a household, a score of 67 in a shop. `reference`, ' +
          'as its code: at most 1 refused command; full reward and no invalid action.',
      ),
    url: z
      .url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:8000' })
      .optional()
      .describe('Server with `/v1/chat/completions`, for `writer` or `retrieval`.'),
    name: z.string().min(1).optional().describe('The model as that server names it.'),
    apiKeyVariable: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of an environment variable, not the key' })
      .optional()
      .describe('Name of the environment variable that holds the key of that server.'),
  })
  .superRefine((hints, context) => {
    if (!usesServer(hints)) return;
    for (const key of ['url', 'name'] as const) {
      if (hints[key] !== undefined) continue;
      const user = hints.writer === 'server' ? 'writer' : 'retrieval';
      context.addIssue({ code: 'custom', path: [key], message: `is required with ${user}: server` });
    }
  });

/** The settings of `hints`, with every default. */
export type HintSettings = z.output<typeof hintsSchema>;

/** Whether a model is asked for hints, or to choose among them. */
export const usesServer = ({ writer, retrieval }: Pick<HintSettings, 'writer' | 'retrieval'>) =>
  writer === 'server' || retrieval === 'server';
