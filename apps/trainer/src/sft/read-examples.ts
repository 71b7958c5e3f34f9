import { DatasetError, readJsonLines } from '@dgpo/trajectory';
import { z } from 'zod';

/** One thing to learn from. */
export type SftExample =
  | { kind: 'text'; text: string }
  | { kind: 'completion'; prompt: string; completion: string }
  | { kind: 'messages'; messages: { role: string; content: string }[] };

const message = z.object({ role: z.string(), content: z.string() });

const lineSchema: z.ZodType<SftExample> = z.union(
  [
    z
      .object({ messages: z.array(message).min(1) })
      .transform(({ messages }) => ({ kind: 'messages' as const, messages })),
    z
      .object({ prompt: z.string(), completion: z.string().min(1) })
      .transform(({ prompt, completion }) => ({ kind: 'completion' as const, prompt, completion })),
    z.object({ text: z.string().min(1) }).transform(({ text }) => ({ kind: 'text' as const, text })),
    z.object({ contents: z.string().min(1) }).transform(({ contents }) => ({ kind: 'text' as const, text: contents })),
  ],
  { error: 'needs text, contents, prompt and completion, or messages with role and content' },
);

/**
 * Reads JSONL in the shapes that TRL reads (`text`, `prompt` and `completion`, `messages`), and passages of FlashRAG (`contents`).
 *
 * @throws {DatasetError} with file and line for a line of another shape, or for a file without lines
 */
export async function readExamples(options: { path: string }): Promise<SftExample[]> {
  const { path } = options;
  const examples: SftExample[] = [];
  for await (const example of readJsonLines(path, { schema: lineSchema })) examples.push(example);
  if (examples.length === 0) throw new DatasetError('has no examples', { where: path });
  return examples;
}
