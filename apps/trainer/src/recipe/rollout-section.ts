import { z } from 'zod';
import { count } from './data-sections.js';

const defaults = {
  url: 'redis://127.0.0.1:6379',
  queue: 'dgpo',
  artifactsHost: '127.0.0.1',
  artifactsPort: 8321,
  maxTries: 3,
  lateFactor: 3,
  lateMinimum: 30,
  workerTimeout: 0,
};

function hasPassword(url: string): boolean {
  return URL.canParse(url) && (new URL(url).password !== '' || new URL(url).username !== '');
}

/** Who plays the episodes of a run. */
export const rolloutsSchema = z
  .strictObject({
    kind: z
      .enum(['local', 'redis'])
      .default('local')
      .describe(
        '`local` plays on the worker threads of this process; `redis` gives episodes to `dgpo worker` processes on any number of machines.',
      ),
    url: z
      .string()
      .regex(/^rediss?:\/\/[^\s/]+/, 'must look like redis://host:6379, or rediss:// for TLS')
      .default(defaults.url)
      .describe(
        'The Redis server of `redis`. With a password, give it in the variable `DGPO_REDIS_URL` instead, which goes first.',
      ),
    queue: z
      .string()
      .regex(/^[\w.-]+$/, 'use letters, digits, ".", "_" and "-"')
      .default(defaults.queue)
      .describe('Name of the queue; workers name the same one.'),
    artifactsHost: z
      .string()
      .min(1)
      .default(defaults.artifactsHost)
      .describe(
        'Address at which workers fetch weights. Beyond loopback, the variable `DGPO_WORKER_TOKEN` is required.',
      ),
    artifactsPort: count(0).max(65_535).default(defaults.artifactsPort).describe('Its port; 0 takes a free one.'),
    maxTries: count()
      .max(100)
      .default(defaults.maxTries)
      .describe('How often a job may fail, on different workers where there are some, before the run ends.'),
    lateFactor: z
      .number()
      .min(1)
      .default(defaults.lateFactor)
      .describe('A job that takes this many times the median is given to a second worker too.'),
    lateMinimum: z.number().positive().default(defaults.lateMinimum).describe('Seconds before which no job is late.'),
    workerTimeout: z
      .number()
      .min(0)
      .default(defaults.workerTimeout)
      .describe('Seconds that a run waits for workers or Redis before it ends; 0 is for ever.'),
  })
  .superRefine((rollouts, context) => {
    if (hasPassword(rollouts.url)) {
      const message = 'a password does not belong in a recipe; put the whole address into the variable DGPO_REDIS_URL';
      context.addIssue({ code: 'custom', path: ['url'], message });
    }
    if (rollouts.kind === 'redis') return;
    for (const [key, value] of Object.entries(defaults)) {
      if (rollouts[key as keyof typeof defaults] === value) continue;
      context.addIssue({ code: 'custom', path: [key], message: 'has no effect without kind: redis' });
    }
  });

/** The settings of `rollouts`, with every default. */
export type RolloutSettings = z.output<typeof rolloutsSchema>;
