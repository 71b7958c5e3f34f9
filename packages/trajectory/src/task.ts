import { z } from 'zod';

/** A message of a chat, as chat templates take it. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** One question with its accepted answers. */
export interface Task {
  /** Unique within its file. */
  id: string;
  question: string;
  /** Any of these counts as correct; empty when nobody knows the answer. */
  goldenAnswers: string[];
  /** A prompt that the data set has rendered already; environments use it as it is. */
  prompt?: ChatMessage[];
  /** Whatever else the data set says, such as `type`, `hops` and `supporting_facts`. */
  metadata?: Record<string, unknown>;
}

/** A task as it lies on disk: a line of FlashRAG JSONL. */
export interface TaskRecord {
  id: string | number;
  question: string;
  golden_answers: string[];
  prompt?: ChatMessage[] | null;
  metadata?: Record<string, unknown> | null;
}

/**
 * Reads a FlashRAG record (`golden_answers`) into a {@link Task} (`goldenAnswers`). Numeric ids become strings, `null` counts as
 * absent, and columns that are not part of a task are dropped. Source: RUC-NLPIR/FlashRAG data sets; the `prompt` column is
 * that of Search-R1's parquet files.
 */
export const taskSchema: z.ZodType<Task, TaskRecord> = z
  .object({
    id: z.union([z.string().min(1), z.number()]),
    question: z.string(),
    golden_answers: z.array(z.string()),
    prompt: z
      .array(z.object({ role: z.string(), content: z.string() }))
      .nullable()
      .exactOptional(),
    metadata: z.record(z.string(), z.unknown()).nullable().exactOptional(),
  })
  .transform(({ id, question, golden_answers, prompt, metadata }) => ({
    id: String(id),
    question,
    goldenAnswers: golden_answers,
    ...(prompt ? { prompt } : {}),
    ...(metadata ? { metadata } : {}),
  }));

/** The FlashRAG record of a task, the inverse of {@link taskSchema}. */
export function encodeTask(task: Task): TaskRecord {
  const { goldenAnswers, id, question, ...rest } = task;
  return { id, question, golden_answers: goldenAnswers, ...rest };
}

const supportingFactsSchema = z.object({
  supporting_facts: z.union([
    z.object({ title: z.array(z.string()) }),
    z.array(z.tuple([z.string()], z.unknown())).transform((facts) => ({ title: facts.map(([title]) => title) })),
  ]),
});

/**
 * Titles of the passages that hold the evidence, each once, in the order of the data set; empty when the task names none.
 * Reads `metadata.supporting_facts` as FlashRAG has it (`{ title: […], sent_id: […] }`) and as HotpotQA has it (`[[title, 0], …]`).
 */
export function supportingTitles(task: Task): string[] {
  const parsed = supportingFactsSchema.safeParse(task.metadata);
  return parsed.success ? [...new Set(parsed.data.supporting_facts.title)] : [];
}
