import { EnvironmentError, isDgpoError } from '@dgpo/trajectory';
import type { Child, Message } from './child-process.js';
import type { CodeLimits, CodeResult, CodeTool, RunCodeOptions, ToolCall } from './code-interpreter.js';
import { asPlainData } from './plain-data.js';
import { wellFormed } from './well-formed.js';

export const defaultLimits: Required<CodeLimits> = {
  timeout: 30_000,
  toolTimeout: 60_000,
  maxOperations: 100_000_000,
  memory: 256,
  maxOutput: 50_000,
  maxValue: 20_000,
};

const maxErrorCharacters = 2000;

/** What the interpreter may take beyond its own limit of time, before its process is killed. */
const grace = 1000;

/** Records of what came from inside: nothing of it is trusted. */
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseRecord(text: unknown): Record<string, unknown> {
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : null;
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

const lostReasons: Record<string, string> = {
  time: 'the code took too long and was stopped',
  operations: 'the code took too many steps and was stopped',
  broken: 'the code broke the interpreter, perhaps by its use of memory or by calls nested too deep',
};

const lost = (reason: unknown, calls: ToolCall[]): CodeResult => ({
  stdout: '',
  value: null,
  error: `Stopped: ${lostReasons[String(reason)] ?? lostReasons.broken}; nothing of this step was kept`,
  answer: null,
  calls,
  lost: true,
});

/** The texts of a result; null where what came is none. */
function readResult(text: unknown, limits: Required<CodeLimits>, calls: ToolCall[]): CodeResult | null {
  const { stdout, value, error, answer } = parseRecord(text);
  // A notice stands where something was left out.
  const room = 100;
  const isText = (part: unknown, most: number): part is string =>
    typeof part === 'string' && part.length <= most + room;
  const isPart = (part: unknown, most: number): part is string | null => part === null || isText(part, most);
  const { maxOutput, maxValue } = limits;
  if (!isText(stdout, maxOutput) || !isPart(value, maxValue) || !isPart(error, maxErrorCharacters)) return null;
  if (!isPart(answer, maxValue)) return null;
  // Lone surrogates do not survive UTF-8, and a state must.
  const [output, last, failure, given] = [stdout, value, error, answer].map((part) =>
    part === null ? null : wellFormed(part),
  );
  return {
    stdout: output ?? '',
    value: last ?? null,
    error: failure ?? null,
    answer: given ?? null,
    calls,
    lost: false,
  };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A call that no tool takes: it is refused again in a replay, and so no part of the record. */
interface RefusedCall {
  error: string;
}

const maxNameCharacters = 200;

/**
 * Answers one call from inside.
 * @throws what a tool throws as an error of this project: then the world has failed, not the code
 */
async function callTool(
  text: unknown,
  tools: readonly CodeTool[],
  signal: AbortSignal,
): Promise<ToolCall | RefusedCall> {
  const { name, arguments: given } = parseRecord(text);
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) {
    return { error: `there is no tool ${typeof name === 'string' ? name.slice(0, maxNameCharacters) : typeof name}` };
  }
  let data: ToolCall['arguments'];
  try {
    data = asPlainData(isRecord(given) ? given : {}) as ToolCall['arguments'];
  } catch (error) {
    return { error: messageOf(error) };
  }
  const stranger = Object.keys(data).find((argument) => !tool.parameters.includes(argument));
  if (stranger !== undefined) {
    return { error: `${tool.name} has no argument ${stranger.slice(0, maxNameCharacters)}` };
  }
  const call = { name: tool.name, arguments: data };
  try {
    return { ...call, value: asPlainData(await tool.run({ arguments: data, signal })) };
  } catch (error) {
    if (isDgpoError(error)) throw error;
    return { ...call, error: messageOf(error).slice(0, maxErrorCharacters) };
  }
}

/** {@link callTool}, ended after `timeout` milliseconds and by the caller's signal, also where the tool listens to neither. */
async function callToolInTime(options: {
  text: unknown;
  tools: readonly CodeTool[];
  timeout: number;
  signal: AbortSignal | undefined;
}): Promise<ToolCall | RefusedCall> {
  const { text, tools, timeout, signal } = options;
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(
    () => controller.abort(new EnvironmentError('no answer in time; see toolTimeout', { where: 'tool' })),
    Math.max(timeout, 0),
  );
  const interrupted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  try {
    return await Promise.race([callTool(text, tools, controller.signal), interrupted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** The next message of a child; a child that takes longer than `timeout` milliseconds is killed. */
async function receiveInTime(child: Child, timeout: number): Promise<Message | 'late'> {
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      child.kill();
    },
    Math.max(timeout, 0),
  );
  try {
    return await child.receive();
  } catch (error) {
    if (late) return 'late';
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs an action in a child and answers its calls. Code that takes too long is stopped by the child itself, or killed with it.
 * @throws EnvironmentError when the process ends by itself or a tool does not answer in time, what a tool throws as an error of this
 * project, and the signal's reason
 */
export async function runAction(
  child: Child,
  limits: Required<CodeLimits>,
  { code, tools = [], signal }: RunCodeOptions,
): Promise<CodeResult> {
  const { timeout, toolTimeout, maxOperations, maxOutput, maxValue } = limits;
  signal?.throwIfAborted();
  const calls: ToolCall[] = [];
  let codeLeft = timeout + grace;
  let toolsLeft = toolTimeout;
  let failure: { error: unknown } | null = null;
  const stop = () => child.kill();
  signal?.addEventListener('abort', stop);
  try {
    const names = tools.map(({ name, parameters }) => ({ name, parameters: [...parameters] }));
    const request = { code: wellFormed(code), tools: names, maxOutput, maxValue, maxError: maxErrorCharacters };
    child.send({ type: 'run', request, timeout, maxOperations });
    while (true) {
      const started = performance.now();
      const message = await receiveInTime(child, codeLeft);
      codeLeft -= performance.now() - started;
      if (message === 'late') return lost('time', calls);
      if (message.type === 'call') {
        const called = performance.now();
        try {
          const call = await callToolInTime({ text: message.text, tools, timeout: toolsLeft, signal });
          if ('name' in call) calls.push(call);
          child.send({ type: 'answer', ...('value' in call ? { value: call.value } : { error: call.error }) });
        } catch (error) {
          failure = { error };
          child.send({ type: 'stop' });
        }
        toolsLeft -= performance.now() - called;
        continue;
      }
      // The child has stopped the code and is clean again.
      if (failure !== null) throw failure.error;
      if (message.type === 'lost') return lost(message.reason, calls);
      if (message.type !== 'result') {
        throw new EnvironmentError(`it failed: ${String(message.message ?? message.type)}`, { where: 'interpreter' });
      }
      const result = readResult(message.text, limits, calls);
      if (result !== null) return result;
      // What it sent is not what our own driver sends: the code has overwritten it.
      child.kill();
      return lost('broken', calls);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
