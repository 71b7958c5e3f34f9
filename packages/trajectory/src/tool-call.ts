import { z } from 'zod';

/** Data that survives JSON. */
export type PlainData = null | boolean | number | string | readonly PlainData[] | { readonly [key: string]: PlainData };

/** A call of a tool by code, and what came back. */
export interface ToolCall {
  name: string;
  arguments: Record<string, PlainData>;
  /** What the tool gave; absent when it failed. */
  value?: PlainData;
  /** The message that the code got instead. */
  error?: string;
}

// What was read as JSON is data already; `z.json()` would drop keys such as `__proto__`.
const plainDataSchema = z.custom<PlainData>();

export const toolCallSchema = z.object({
  name: z.string(),
  arguments: z.record(z.string(), plainDataSchema),
  value: plainDataSchema.exactOptional(),
  error: z.string().exactOptional(),
});
