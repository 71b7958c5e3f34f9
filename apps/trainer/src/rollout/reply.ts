import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  DgpoError,
  type DgpoErrorCode,
  encodeTask,
  ModelError,
  type Trajectory,
  trajectorySchema,
} from '@dgpo/trajectory';
import { z } from 'zod';
import type { RolloutJob } from './rollout-executor.js';

/** What a worker says about a job. */
export type Reply = { worker: string } & ({ result: unknown } | { error: { message: string; code?: DgpoErrorCode } });

const codes = [
  'CONFIG_ERROR',
  'DATASET_ERROR',
  'MODEL_ERROR',
  'RETRIEVER_ERROR',
  'ENVIRONMENT_ERROR',
  'CHECKPOINT_ERROR',
] as const satisfies readonly DgpoErrorCode[];

const replySchema = z.union([
  z.strictObject({ worker: z.string(), result: z.array(z.unknown()) }),
  z.strictObject({
    worker: z.string(),
    error: z.strictObject({ message: z.string(), code: z.enum(codes).exactOptional() }),
  }),
]);

/** Numbers that JSON has no word for; -0 would come back as 0, and results are equal byte for byte. */
const special = (value: unknown) => typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
const spell = (_: string, value: unknown) =>
  special(value) ? { number: Object.is(value, -0) ? '-0' : String(value) } : value;
const read = (_: string, value: unknown) => {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return keys.length === 1 && keys[0] === 'number' ? Number((value as { number: string }).number) : value;
};

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** A reply as it travels: JSON, compressed. The tasks of episodes stay behind, since the trainer has them. */
export async function encodeReply(reply: Reply, job: Pick<RolloutJob, 'kind'>): Promise<Uint8Array> {
  const lean =
    'result' in reply && job.kind === 'episodes'
      ? { ...reply, result: (reply.result as Trajectory[]).map((episode) => ({ ...episode, task: null })) }
      : reply;
  return compress(JSON.stringify(lean, spell));
}

/**
 * @param options.maxBytes of the JSON
 * @throws ModelError when it is no reply to this job
 */
export async function decodeReply(
  body: Uint8Array,
  job: RolloutJob,
  options: { maxBytes: number },
): Promise<Reply & ({ result: Trajectory[] | string[] } | { error: { message: string; code?: DgpoErrorCode } })> {
  let reply: z.output<typeof replySchema>;
  try {
    const json = await expand(body, { maxOutputLength: options.maxBytes });
    reply = replySchema.parse(JSON.parse(json.toString('utf8'), read));
  } catch (cause) {
    throw new ModelError('a worker sent something that is no reply', { cause });
  }
  if ('error' in reply) return reply;
  const { worker, result } = reply;
  return { worker, result: job.kind === 'read' ? answersOf(result, job.requests.length) : episodesOf(result, job) };
}

function answersOf(result: readonly unknown[], count: number): string[] {
  const answers = z.array(z.string()).length(count).safeParse(result);
  if (!answers.success) throw new ModelError('a worker sent something that is no list of answers');
  return answers.data;
}

/** Checked, but not copied by the check: the order of the keys is that of the worker. */
function episodesOf(result: readonly unknown[], job: RolloutJob & { kind: 'episodes' }): Trajectory[] {
  const { tasks, samplesPerTask } = job;
  if (result.length !== tasks.length * samplesPerTask) {
    throw new ModelError(`a worker sent ${result.length} episodes instead of ${tasks.length * samplesPerTask}`);
  }
  return result.map((value, index) => {
    const task = tasks[Math.floor(index / samplesPerTask)];
    const episode = z.looseObject({ id: z.string() }).safeParse(value);
    if (!episode.success || task === undefined) throw new ModelError('a worker sent something that is no episode');
    const checked = trajectorySchema.safeParse({ ...episode.data, task: encodeTask(task) });
    if (!checked.success) throw new ModelError(`a worker sent a damaged episode of task ${task.id}`);
    return { ...(value as Trajectory), task };
  });
}

/** The error that a worker described. */
export function errorOf({ message, code }: { message: string; code?: DgpoErrorCode }): Error {
  return code === undefined ? new Error(message) : new DgpoError(code, message);
}
