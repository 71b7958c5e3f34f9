import { z } from 'zod';
import { type WandbHistory, type WandbRunFacts, wandbHistoryLine } from './wandb-records.js';

/** A W&B server and who asks. */
export interface WandbServer {
  /** Such as `https://api.wandb.ai`. */
  baseUrl: string;
  /** Goes into the header of requests and nowhere else. */
  apiKey: string;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
  /** Milliseconds between requests, at least. @default 5000 */
  interval?: number;
  /** Milliseconds that a request may take, and that the end of a run waits for what is pending. @default 10000 */
  timeout?: number;
  /** Milliseconds before each further try of a request that failed for a reason that may pass. @default [1000, 4000] */
  retryDelays?: readonly number[];
}

/** Sends the steps of one run; nothing here waits for the network but `finish`. */
export interface WandbUpload {
  send(history: WandbHistory): void;
  /** Sends what is pending, for `timeout` at most. True when the server has all of it. */
  finish(): Promise<boolean>;
}

const linesPerRequest = 500;
const maxAnswerBytes = 2 ** 20;

const upsertRun = `mutation UpsertBucket($entity: String, $project: String, $name: String!, $groupName: String, $jobType: String,
  $displayName: String, $config: JSONString) {
  upsertBucket(input: { entityName: $entity, modelName: $project, name: $name, groupName: $groupName, jobType: $jobType,
    displayName: $displayName, config: $config }) {
    bucket { id name project { name entity { name } } }
  }
}`;

const upsertAnswer = z.object({
  data: z.object({
    upsertBucket: z.object({
      bucket: z.object({
        name: z.string(),
        project: z.object({ name: z.string(), entity: z.object({ name: z.string() }) }),
      }),
    }),
  }),
});

/** A failure that another try would not mend. */
class Refused extends Error {}

/** Milliseconds, without keeping the process alive; at once when the signal is aborted. */
const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds).unref();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function readAnswer(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > maxAnswerBytes) throw new Refused('the server answered with more than 1 MiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * Uploads a run as W&B's clients do: `upsertBucket` over GraphQL, then `file_stream` requests with lines of `wandb-history.jsonl` at
 * their number. Lines are sent from the first one on, so that a run that is continued is whole on the server too.
 */
export function createWandbUpload(
  options: WandbServer & {
    facts: WandbRunFacts;
    /** Told once; after that nothing is sent any more. */
    onFailure: (reason: string) => void;
  },
): WandbUpload {
  const { facts, apiKey, fetch = globalThis.fetch, interval = 5000, timeout = 10000 } = options;
  const { retryDelays = [1000, 4000], onFailure } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  const ending = new AbortController();
  let pending: WandbHistory[] = [];
  let sent = 0;
  let stream: string | undefined;
  let running: Promise<void> | undefined;
  let failed = false;

  const attempt = async (url: string, body: string): Promise<string> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'user-agent': 'dgpo' },
      body,
      redirect: 'error',
      signal: AbortSignal.any([ending.signal, AbortSignal.timeout(timeout)]),
    });
    const text = await readAnswer(response);
    if (response.ok) return text;
    const mayPass = response.status >= 500 || response.status === 408 || response.status === 429;
    const message = `the server answered ${response.status}`;
    throw mayPass ? new Error(message) : new Refused(message);
  };

  const post = async (url: string, body: unknown): Promise<string> => {
    const text = JSON.stringify(body);
    for (const delay of retryDelays) {
      try {
        return await attempt(url, text);
      } catch (error) {
        if (error instanceof Refused || ending.signal.aborted) throw error;
        await pause(delay, ending.signal);
      }
    }
    return attempt(url, text);
  };

  const open = async (): Promise<string> => {
    const config = Object.fromEntries(Object.entries(facts.config).map(([name, value]) => [name, { value }]));
    const { id, entity, project, group, jobType, displayName } = facts;
    const variables = {
      entity,
      project,
      name: id,
      groupName: group,
      jobType,
      displayName,
      config: JSON.stringify(config),
    };
    const text = await post(`${baseUrl}/graphql`, { query: upsertRun, variables });
    const answer = upsertAnswer.safeParse(parseJson(text));
    if (!answer.success) throw new Refused('the server did not take the run; do project, entity and key fit together?');
    const { bucket } = answer.data.data.upsertBucket;
    const path = [bucket.project.entity.name, bucket.project.name, bucket.name].map(encodeURIComponent).join('/');
    return `${baseUrl}/files/${path}/file_stream`;
  };

  const drain = async (last: boolean): Promise<void> => {
    stream ??= await open();
    while (pending.length > 0) {
      const lines = pending.slice(0, linesPerRequest);
      const summary = lines.at(-1) as WandbHistory;
      await post(stream, {
        files: {
          'wandb-history.jsonl': { offset: sent, content: lines.map(wandbHistoryLine) },
          'wandb-summary.json': { offset: 0, content: [wandbHistoryLine(summary)] },
        },
      });
      sent += lines.length;
      pending = pending.slice(lines.length);
    }
    if (last) await post(stream, { complete: true, exitcode: 0 });
  };

  const flush = async (last: boolean): Promise<void> => {
    if (failed) return;
    try {
      await drain(last);
    } catch (error) {
      failed = true;
      pending = [];
      clearInterval(timer);
      const reason = ending.signal.aborted ? `the upload took longer than ${timeout / 1000} s` : oneLine(error);
      onFailure(`the upload stopped: ${reason}`);
    }
  };

  const timer = setInterval(() => {
    running ??= flush(false).finally(() => {
      running = undefined;
    });
  }, interval);
  timer.unref();

  return {
    send: (history) => {
      if (!failed) pending.push(history);
    },
    finish: async () => {
      clearInterval(timer);
      const limit = setTimeout(() => ending.abort(), timeout);
      try {
        await running;
        await flush(true);
      } finally {
        clearTimeout(limit);
      }
      return !failed;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What went wrong, without anything of the request. */
function oneLine(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (!(error instanceof Error)) return 'the server cannot be reached';
  if (error.name === 'TimeoutError') return 'the server does not answer';
  return error.message.startsWith('the server ') ? error.message : 'the server cannot be reached';
}
