import { z } from 'zod';
import { encodeTask, type Task, type TaskRecord, taskSchema } from './task.js';
import { type ToolCall, toolCallSchema } from './tool-call.js';

/** A passage that a retriever returned. */
export interface RetrievedDocument {
  /** `contents` is the title on the first line (perhaps in double quotes), then the text. */
  document: { id: string; contents: string };
  /** Higher is better; the scale is the retriever's own. */
  score: number;
}

/** A stretch of the episode from one author. */
export interface Segment {
  /** `policy` marks what the policy sampled; only that is trained on and scored. */
  kind: 'prompt' | 'policy' | 'observation';
  /** For people and environments; training reads `tokenIds`. */
  text: string;
  /** Absent in logs of systems that keep text alone. */
  tokenIds?: number[];
  /** Natural log-probabilities of the sampler, one per token, on policy segments only. */
  logProbs?: number[];
}

/** What the policy did in one turn. */
export interface Action {
  /** From 0. */
  turn: number;
  kind: 'search' | 'answer' | 'command' | 'code' | 'invalid';
  /** What the policy wrote in this turn, whole. */
  text: string;
  /** Of a search: trimmed. */
  query?: string;
  /** Of an answer: trimmed. */
  answer?: string;
  /** Of a command in a text world, or of a call of another tool: trimmed. */
  command?: string;
  /** Of code, and what it did: prints, last value and error as text. */
  code?: string;
  stdout?: string;
  value?: string;
  error?: string;
  /** Of code: its calls of tools, in order. Absent where nothing of the code was kept, and in logs that do not hold them. */
  calls?: ToolCall[];
  /** True when the environment carried it out; false for invalid actions and for a search in the final turn. */
  executed: boolean;
  /** Of an executed search, best first; of an opened document, that one. */
  documents?: RetrievedDocument[];
}

/** How an episode ended. */
export interface Outcome {
  /** Decided by the environment; the failure gate of DGPO reads this, never a threshold on the reward. */
  correct: boolean;
  reward: number;
  /** The final answer, null when there is none. */
  answer: string | null;
  /**
   * `answer`: the policy finished, with an answer or by what ends a text world. `turns`: none were left. `length`: the context was
   * full. `error`: the environment failed or the policy could not be asked, see `error`.
   */
  endedBy: 'answer' | 'turns' | 'length' | 'error';
  /** What failed. Such an episode says nothing about the policy: leave it out of training. */
  error?: string;
}

/** One complete episode. */
export interface Trajectory {
  /** Unique within its file: `<task id>#<sample>`. */
  id: string;
  task: Task;
  /** Name of the environment. */
  environment: string;
  /** Name of the policy or its checkpoint. */
  policy?: string;
  /** Counts the samples of one task from 0. */
  sample: number;
  segments: Segment[];
  actions: Action[];
  outcome: Outcome;
}

/** A trajectory as it lies on disk: its task is a FlashRAG record, everything else is the same. */
export type TrajectoryRecord = Omit<Trajectory, 'task'> & { task: TaskRecord };

const tokenIdsSchema = z.array(z.int().nonnegative());

const segmentSchema = z
  .object({
    kind: z.enum(['prompt', 'policy', 'observation']),
    text: z.string(),
    tokenIds: tokenIdsSchema.exactOptional(),
    logProbs: z.array(z.number()).exactOptional(),
  })
  .refine((segment) => segment.logProbs === undefined || segment.kind === 'policy', {
    path: ['logProbs'],
    message: 'only policy segments have log-probabilities',
  })
  .refine((segment) => segment.logProbs === undefined || segment.logProbs.length === segment.tokenIds?.length, {
    path: ['logProbs'],
    message: 'expected one log-probability for each of tokenIds',
  });

const retrievedDocumentSchema = z.object({
  document: z.object({ id: z.string(), contents: z.string() }),
  score: z.number(),
});

const actionSchema = z.object({
  turn: z.int().nonnegative(),
  kind: z.enum(['search', 'answer', 'command', 'code', 'invalid']),
  text: z.string(),
  query: z.string().exactOptional(),
  answer: z.string().exactOptional(),
  command: z.string().exactOptional(),
  code: z.string().exactOptional(),
  stdout: z.string().exactOptional(),
  value: z.string().exactOptional(),
  error: z.string().exactOptional(),
  calls: z.array(toolCallSchema).exactOptional(),
  executed: z.boolean(),
  documents: z.array(retrievedDocumentSchema).exactOptional(),
});

const outcomeSchema = z.object({
  correct: z.boolean(),
  reward: z.number(),
  answer: z.string().nullable(),
  endedBy: z.enum(['answer', 'turns', 'length', 'error']),
  error: z.string().exactOptional(),
});

/** Reads a record of a trajectory file into a {@link Trajectory}. */
export const trajectorySchema: z.ZodType<Trajectory, TrajectoryRecord> = z.object({
  id: z.string().min(1),
  task: taskSchema,
  environment: z.string(),
  policy: z.string().exactOptional(),
  sample: z.int().nonnegative(),
  segments: z.array(segmentSchema),
  actions: z.array(actionSchema),
  outcome: outcomeSchema,
});

/** The record of a trajectory, the inverse of {@link trajectorySchema}. */
export function encodeTrajectory(trajectory: Trajectory): TrajectoryRecord {
  return { ...trajectory, task: encodeTask(trajectory.task) };
}
