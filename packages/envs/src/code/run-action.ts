import { EnvironmentError } from '@dgpo/trajectory';
import type { PlainData } from '../text-world/text-world.js';
import type { Child, Message } from './child-process.js';
import type { CodeLimits, CodeResult, CodeTool, RunCodeOptions, ToolCall } from './code-interpreter.js';

export const defaultLimits: Required<CodeLimits> = {
  timeout: 30_000,
  toolTimeout: 60_000,
  maxOperations: 100_000_000,
  memory: 256,
  maxOutput: 50_000,
  maxValue: 20_000,
};

export const maxErrorCharacters = 2000;

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
  const isText = (part: unknown, most: number): part is string => typeof part === 'string' && part.length <= most + room;
  const isPart = (part: unknown, most: number): part is string | null => part === null || isText(part, most);
  const { maxOutput, maxValue } = limits;
  if (!isText(stdout, maxOutput) || !isPart(value, maxValue) || !isPart(error, maxErrorCharacters)) return null;
  if (!isPart(answer, maxValue)) return null;
  // Lone surrogates do not survive UTF-8, and a state must.
  const [output, last, failure, given] = [stdout, value, error, answer].map((part) => part?.toWellFormed() ?? null);
  return { stdout: output ?? '', value: last ?? null, error: failure ?? null, answer: given ?? null, calls, lost: false };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What a tool gave, as JSON would have it: no getter, no prototype, no `undefined` goes in. */
const asData = (value: unknown): PlainData => JSON.parse(JSON.stringify(value) ?? 'null') as PlainData;

/** Answers one call from inside. */
async function callTool(text: unknown, tools: readonly CodeTool[], signal: AbortSignal): Promise<ToolCall> {
  const { name, arguments: given } = parseRecord(text);
  const tool = tools.find((one) => one.name === name);
  const call = { name: String(name).slice(0, 200), arguments: isRecord(given) ? (given as ToolCall['arguments']) : {} };
  if (tool === undefined) return { ...call, error: `there is no tool ${call.name}` };
  const stranger = Object.keys(call.arguments).find((argument) => !tool.parameters.includes(argument));
  if (stranger !== undefined) return { ...call, error: `${tool.name} has no argument ${stranger}` };
  try {
    return { ...call, value: asData(await tool.run({ arguments: call.arguments, signal })) };
  } catch (error) {
    return { ...call, error: messageOf(error) };
  }
}

/**
 * Runs an action in a child and answers its calls. A child that does not keep its own limit of time is killed, also when it waits for a
 * tool that does not answer.
 * @throws EnvironmentError when the process ends by itself; the signal's reason when it aborts
 */
export async function runAction(
  child: Child,
  limits: Required<CodeLimits>,
  { code, tools = [], signal }: RunCodeOptions,
): Promise<CodeResult> {
  const { timeout, toolTimeout, maxOperations, maxOutput, maxValue } = limits;
  signal?.throwIfAborted();
  const calls: ToolCall[] = [];
  const controller = new AbortController();
  let timedOut = false;
  let timer: NodeJS.Timeout | undefined;
  let left = { code: timeout + grace, tools: toolTimeout };
  let started = 0;
  const stop = () => {
    timedOut = !signal?.aborted;
    controller.abort(new EnvironmentError('the action took too long', { where: 'tool' }));
    child.kill();
  };
  // Two budgets, one clock: only one of code and tools runs at a time.
  const begin = (what: 'code' | 'tools') => {
    started = performance.now();
    timer = setTimeout(stop, Math.max(left[what], 0));
  };
  const end = (what: 'code' | 'tools') => {
    clearTimeout(timer);
    left = { ...left, [what]: left[what] - (performance.now() - started) };
  };
  signal?.addEventListener('abort', stop);
  try {
    const names = tools.map(({ name, parameters }) => ({ name, parameters: [...parameters] }));
    const request = { code: code.toWellFormed(), tools: names, maxOutput, maxValue, maxError: maxErrorCharacters };
    child.send({ type: 'run', request, timeout, maxOperations });
    while (true) {
      begin('code');
      const message: Message = await child.receive();
      end('code');
      if (message.type === 'call') {
        begin('tools');
        const interrupted = new Promise<never>((_, reject) => {
          controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
        });
        const call = await Promise.race([callTool(message.text, tools, controller.signal), interrupted]);
        end('tools');
        calls.push(call);
        child.send({ type: 'answer', ...('error' in call ? { error: call.error } : { value: call.value ?? null }) });
        continue;
      }
      if (message.type === 'lost') return lost(message.reason, calls);
      if (message.type !== 'result') {
        throw new EnvironmentError(`it failed: ${String(message.message ?? message.type)}`, { where: 'interpreter' });
      }
      const result = readResult(message.text, limits, calls);
      if (result !== null) return result;
      // What it sent is not what our own driver sends: the episode has overwritten it.
      child.kill();
      return lost('broken', calls);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (timedOut) return lost('time', calls);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
