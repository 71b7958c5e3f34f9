import { type Action, EnvironmentError } from '@dgpo/trajectory';
import type { CodeInterpreter, CodeTool, ToolCall } from './code-interpreter.js';

/** An action that an interpreter has carried out, with the answers that its tools gave: enough to carry it out again. */
export interface CodeStep {
  code: string;
  calls: ToolCall[];
}

/** What was carried out in an episode, of its state or of its trajectory. */
export const codeSteps = (actions: readonly Action[]): CodeStep[] =>
  actions.flatMap(({ code, calls }) => (code === undefined || calls === undefined ? [] : [{ code, calls }]));

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Tools that give the recorded answers, in order; `isDone` says whether each was asked for. */
function recordedTools(tools: readonly CodeTool[], calls: readonly ToolCall[], where: string) {
  let next = 0;
  const recorded = tools.map(
    (tool): CodeTool => ({
      ...tool,
      run: async ({ arguments: given }) => {
        const call = calls[next++];
        if (call?.name !== tool.name || !same(call.arguments, given)) {
          throw new EnvironmentError(`the code calls ${tool.name} otherwise than when it was recorded`, { where });
        }
        if (call.error !== undefined) throw new Error(call.error);
        return call.value ?? null;
      },
    }),
  );
  return { recorded, isDone: () => next === calls.length };
}

/**
 * Brings an interpreter to where these actions lead, from a clean start: this is how a state is forked, moved to another process, or
 * rebuilt after a crash. No tool is asked; the clock and chance that code sees are the same every time.
 * @throws EnvironmentError when an action does not do what it did when it was recorded, and as the interpreter does
 */
export async function replay(options: {
  interpreter: CodeInterpreter;
  steps: readonly CodeStep[];
  /** Those that were offered when the steps were recorded; only their names and parameters count. */
  tools: readonly CodeTool[];
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { interpreter, steps, tools, signal } = options;
  await interpreter.reset();
  for (const [index, { code, calls }] of steps.entries()) {
    const where = `replay, step ${index + 1}`;
    const { recorded, isDone } = recordedTools(tools, calls, where);
    const { lost } = await interpreter.run({ code, tools: recorded, signal });
    if (lost || !isDone())
      throw new EnvironmentError('the code does not do what it did when it was recorded', { where });
  }
}
