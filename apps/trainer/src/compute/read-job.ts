import { contextTokenIds, createSearchEnvironment, type GenerateRequest, type Policy, parseAction } from '@dgpo/envs';
import { createRandom, type Task } from '@dgpo/trajectory';
import { type EnvironmentSettings, policyFor } from './episodes-job.js';
import type { JobContext } from './jobs.js';

/** Answers questions from given passages, without searching: the ARC components source referencing and thinking. */
export interface ReadJob {
  kind: 'read';
  policy: { model: string };
  /** Folder of the tokenizer. */
  tokenizer: string;
  environment: EnvironmentSettings;
  /** `passages` are contents of documents, in the order in which they are shown. */
  requests: readonly { task: Task; passages: readonly string[] }[];
  /** True: reason first, after an opened think tag. False: answer at once, after an opened answer tag. */
  think: boolean;
  /** 0 is greedy. */
  temperature: number;
  seed: number;
  batchSize: number;
}

/**
 * What the policy sees once a search has brought these passages: the prompt and the observation, as the search environment writes
 * them. The whole rest of the context is open to the passages. Null when they leave no room for a turn.
 */
async function contextOf(
  policy: Policy,
  settings: EnvironmentSettings,
  { task, passages }: ReadJob['requests'][number],
): Promise<{ tokenIds: number[]; maxTokens: number } | null> {
  const documents = passages.map((contents, index) => ({ document: { id: String(index), contents }, score: 0 }));
  const environment = createSearchEnvironment({
    ...settings,
    retriever: { retrieve: async () => [documents] },
    topK: Math.max(1, documents.length),
    maxSearches: 1,
    maxObservationTokens: settings.maxContextTokens,
  });
  const asked = environment.start({ task, tokenizer: policy });
  if (asked.outcome !== null) return null;
  // The search itself has no tokens: which words would have found the passages is not what is measured.
  const search = { text: '<search>?</search>', tokenIds: [], logProbs: [], finishReason: 'stop' as const };
  const [told] = await environment.step({ turns: [{ state: asked, completion: search }], tokenizer: policy });
  if (told === undefined || told.next === null) return null;
  return { tokenIds: contextTokenIds(told), maxTokens: told.next.maxTokens };
}

/** The answers in order, an empty string where the policy gave none (also where it wanted to search instead). */
export async function runReadJob(context: JobContext, job: ReadJob): Promise<string[]> {
  const policy = await policyFor(context, job);
  const opened = job.think ? '<think>' : '<answer>';
  const openedIds = policy.encode(opened, { allowSpecial: true });
  const random = createRandom(job.seed).split('read', job.think ? 1 : 0);
  const answers = job.requests.map(() => '');
  const waiting: { index: number; request: GenerateRequest }[] = [];
  for (const [index, item] of job.requests.entries()) {
    const room = await contextOf(policy, job.environment, item);
    if (room === null || room.maxTokens <= openedIds.length) continue;
    waiting.push({
      index,
      request: {
        id: `read ${index}`,
        contextTokenIds: [...room.tokenIds, ...openedIds],
        maxTokens: room.maxTokens - openedIds.length,
        temperature: job.temperature,
        stop: ['</search>', '</answer>'],
        random: random.split(item.task.id),
      },
    });
  }
  const results = await policy.generate(waiting.map(({ request }) => request));
  policy.release?.(waiting.map(({ request }) => request.id));
  for (const [position, { index }] of waiting.entries()) {
    const action = parseAction(`${opened}${results[position]?.text ?? ''}`);
    if (action.kind === 'answer') answers[index] = action.answer;
  }
  return answers;
}
