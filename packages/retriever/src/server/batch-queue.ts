import { setImmediate, setTimeout } from 'node:timers/promises';
import { RetrieverError } from '@dgpo/trajectory';
import { untilAborted } from '../until-aborted.js';

export interface BatchQueueOptions<Input, Answer> {
  /** One answer for each input, in order. The signal is aborted when nobody waits for the batch any more. */
  answer: (batch: { inputs: readonly Input[]; group: string; signal: AbortSignal }) => Promise<readonly Answer[]>;
  /** The most inputs of several requests in one batch; a request that has more goes alone. */
  maxBatch: number;
  /** How long a batch waits for company before it starts, in milliseconds; 0 takes what is there. */
  wait: number;
  /** Told the number of inputs of each batch. */
  onBatch?: (size: number) => void;
}

export interface BatchQueue<Input, Answer> {
  /** Requests that no batch has taken yet. */
  readonly waiting: number;
  /**
   * Answers the inputs in one batch with those of other requests of the same group.
   * @throws whatever `answer` throws for these inputs alone; the signal's reason when it is aborted.
   */
  submit(request: { inputs: readonly Input[]; group: string; signal: AbortSignal }): Promise<Answer[]>;
}

interface Member<Input, Answer> {
  inputs: readonly Input[];
  group: string;
  gone: boolean;
  onGone: (reason: unknown) => void;
  resolve: (answers: Answer[]) => void;
  reject: (reason: unknown) => void;
}

/**
 * Runs one batch at a time: while it runs, requests gather, and the oldest with all others of its group make the next one. Equal
 * inputs are answered once. When a batch of several requests fails, each is tried alone, so that one cannot spoil the others' answers.
 * A request whose signal is aborted leaves at once; a batch that all have left is aborted and not waited for.
 */
export function createBatchQueue<Input, Answer>({
  answer,
  maxBatch,
  wait,
  onBatch,
}: BatchQueueOptions<Input, Answer>): BatchQueue<Input, Answer> {
  type Request = Member<Input, Answer>;
  const waiting = new Set<Request>();
  let running = false;

  function takeBatch(): Request[] {
    const batch: Request[] = [];
    let size = 0;
    for (const request of waiting) {
      const [oldest] = batch;
      if (oldest !== undefined && request.group !== oldest.group) continue;
      if (oldest !== undefined && size + request.inputs.length > maxBatch) break;
      batch.push(request);
      size += request.inputs.length;
    }
    for (const request of batch) waiting.delete(request);
    return batch;
  }

  async function answerInputs(inputs: readonly Input[], group: string, signal: AbortSignal): Promise<Answer[]> {
    const unique = [...new Set(inputs)];
    onBatch?.(unique.length);
    const answers = await untilAborted(answer({ inputs: unique, group, signal }), signal);
    if (answers.length !== unique.length) {
      throw new RetrieverError(`the batch of ${unique.length} got ${answers.length} answers`);
    }
    const answerOf = new Map(unique.map((input, position) => [input, answers[position] as Answer]));
    return inputs.map((input) => answerOf.get(input) as Answer);
  }

  async function runBatch(members: readonly Request[]): Promise<void> {
    const present = members.filter(({ gone }) => !gone);
    const [first] = present;
    if (first === undefined) return;
    const controller = new AbortController();
    for (const member of present) {
      member.onGone = (reason) => {
        if (present.every(({ gone }) => gone)) controller.abort(reason);
      };
    }
    try {
      const inputs = present.flatMap((member) => member.inputs);
      const answers = await answerInputs(inputs, first.group, controller.signal);
      let start = 0;
      for (const member of present) {
        member.resolve(answers.slice(start, start + member.inputs.length));
        start += member.inputs.length;
      }
    } catch (error) {
      if (present.length === 1) first.reject(error);
      else for (const member of present) await runBatch([member]);
    }
  }

  async function runAll(): Promise<void> {
    while (waiting.size > 0) {
      // Requests that have already arrived at their sockets are read before the batch is closed, also after a search that blocked.
      if (wait > 0) await setTimeout(wait);
      else await setImmediate();
      await runBatch(takeBatch());
    }
    running = false;
  }

  return {
    get waiting() {
      return waiting.size;
    },
    submit: ({ inputs, group, signal }) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const settled = () => signal.removeEventListener('abort', leave);
        const request: Request = {
          inputs,
          group,
          gone: false,
          onGone: () => undefined,
          resolve(answers) {
            settled();
            resolve(answers);
          },
          reject(reason) {
            settled();
            reject(reason);
          },
        };
        function leave() {
          request.gone = true;
          waiting.delete(request);
          reject(signal.reason);
          request.onGone(signal.reason);
        }
        signal.addEventListener('abort', leave, { once: true });
        waiting.add(request);
        if (running) return;
        running = true;
        void runAll();
      }),
  };
}
