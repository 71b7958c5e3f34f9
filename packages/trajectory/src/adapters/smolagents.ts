import { DatasetError } from '../errors.js';
import type { Action, Segment } from '../trajectory.js';
import { buildTrajectory, type EpisodeParts } from './build-trajectory.js';
import { contentText } from './chat-messages.js';
import { type CodeCall, codeCalls } from './code-calls.js';
import { asFields, detach, type Fields, firstText, isFields, type LogAdapter, plainText } from './log-record.js';
import { splitDocuments } from './split-documents.js';
import { kindOfTool, readToolCall, type ToolCall, toolAction } from './tool-actions.js';

const isActionStep = (step: Fields) =>
  'step_number' in step || 'model_output' in step || 'code_action' in step || 'observations' in step;
const taskKeys = new Set(['task', 'task_images', 'type']);
const isTaskStep = (step: Fields) =>
  typeof step.task === 'string' && Object.keys(step).every((key) => taskKeys.has(key));
const isStep = (value: unknown): value is Fields =>
  isFields(value) && (isActionStep(value) || isTaskStep(value) || typeof value.system_prompt === 'string');
const isSteps = (value: unknown): value is Fields[] => Array.isArray(value) && isStep(value[0]);

/** True for an element of a memory, which is a part of an episode and no record. */
export const isMemoryStep = isStep;

function stepsOf(record: unknown): Fields[] | null {
  if (isSteps(record)) return record;
  if (!isFields(record)) return null;
  const memories = [record.memory, record.original_memory, record.agent_memory].map(
    (value) => asFields(value)?.steps ?? value,
  );
  return [record.steps, record.full_steps, ...memories].find(isSteps) ?? null;
}

/**
 * The memory of an agent of smolagents: the steps of `agent.memory.get_full_steps()`, alone or in an object with question and answers. Searches
 * are calls of search tools, also those that stand in code. Source: huggingface/smolagents, `src/smolagents/memory.py`.
 */
export const smolagents: LogAdapter = {
  expected:
    'a list of memory steps, or an object with steps, of task, model_output, tool_calls or code_action, and observations',
  fits: (record) => stepsOf(record) !== null,
  toTrajectory(record) {
    const steps = stepsOf(record);
    if (steps === null) throw new DatasetError(`expected ${smolagents.expected}`);
    const fields = isFields(record) ? record : {};
    return buildTrajectory(fields, readSteps(steps, fields));
  },
};

/** A step of the policy that acts. */
const isReadStep = (step: Fields) =>
  isFields(step) &&
  typeof step.system_prompt !== 'string' &&
  !isTaskStep(step) &&
  typeof step.plan !== 'string' &&
  isActionStep(step);
/** What newer versions write after the steps. */
const isFinalStep = (step: Fields) =>
  isFields(step) && 'output' in step && !isReadStep(step) && typeof step.plan !== 'string';

interface StepContext {
  turn: number;
  /** Of the last step: what the log says that the run returned, null if it says nothing. */
  given: string | null | undefined;
}

function readSteps(steps: readonly Fields[], record: Fields): EpisodeParts {
  const segments: Segment[] = [];
  const actions: Action[] = [];
  let question: string | null = null;
  const final = steps.findLast(isFinalStep)?.output ?? null;
  const given = final === null ? firstText(record, ['final_answer', 'prediction', 'agent_answer']) : plainText(final);
  const lastStep = steps.findLast(isReadStep);
  let hasFailed: string | null = null;
  let turn = 0;
  for (const step of steps) {
    if (!isFields(step)) throw new DatasetError('steps: expected an object for each');
    if (typeof step.system_prompt === 'string') segments.push({ kind: 'prompt', text: step.system_prompt });
    else if (isTaskStep(step)) {
      question = String(step.task);
      segments.push({ kind: 'prompt', text: question });
    } else if (typeof step.plan === 'string') segments.push({ kind: 'policy', text: step.plan });
    else if (isActionStep(step)) {
      const parts = readStep(step, { turn, given: step === lastStep ? given : undefined });
      segments.push(...parts.segments);
      actions.push(...parts.actions);
      hasFailed = parts.error ?? null;
      turn += 1;
    }
  }
  const last = actions.findLast(({ kind }) => kind === 'answer')?.answer;
  const answer = last ?? (given === null ? null : detach(given.trim()));
  return { segments, actions, question, answer, ...(hasFailed === null ? {} : { error: hasFailed }) };
}

interface StepError {
  type: string;
  message: string;
}

function readStepError({ error }: Fields): StepError | null {
  if (error === null || error === undefined) return null;
  if (!isFields(error)) return { type: '', message: String(error) };
  return { type: String(error.type ?? ''), message: firstText(error, ['message']) ?? JSON.stringify(error) };
}

function readStep(step: Fields, { turn, given }: StepContext): EpisodeParts {
  const error = readStepError(step);
  const calls = (Array.isArray(step.tool_calls) ? step.tool_calls : []).flatMap((call) => readToolCall(call) ?? []);
  const message = asFields(step.model_output_message);
  const said = contentText(step.model_output) || contentText(message?.content);
  const text = said || calls.map((call) => JSON.stringify(call)).join('\n') || String(step.code_action ?? '');
  const observed = [contentText(step.observations), error === null ? '' : `Error: ${error.message}`];
  const observation = observed.filter((part) => part !== '').join('\n');
  const observations: Segment[] = observation === '' ? [] : [{ kind: 'observation', text: observation }];
  const segments: Segment[] = [...(text === '' ? [] : [{ kind: 'policy' as const, text }]), ...observations];
  if (error !== null && /MaxSteps/.test(error.type)) return readForcedAnswer(step, turn, observations);
  if (error !== null && /Generation/.test(error.type)) return { segments, actions: [], error: error.message };
  const actions = readStepActions({ step, calls, text, turn, given, failed: error !== null });
  return { segments, actions };
}

/** A run without turns left is asked for its answer once more; it stands in the step that says so. */
function readForcedAnswer({ action_output: output }: Fields, turn: number, observations: Segment[]): EpisodeParts {
  if (output === null || output === undefined) return { segments: observations, actions: [] };
  const text = plainText(output);
  const answer = detach(text.trim());
  return {
    segments: [...observations, { kind: 'policy', text }],
    actions: [{ turn, kind: 'answer', text, answer, executed: true }],
  };
}

interface StepActions extends StepContext {
  step: Fields;
  calls: readonly ToolCall[];
  text: string;
  failed: boolean;
}

function readStepActions({ step, calls, text, turn, given, failed }: StepActions): Action[] {
  const code = typeof step.code_action === 'string' ? step.code_action : pythonOf(calls);
  const isFinal = step.is_final_answer === true;
  const output =
    step.action_output === null || step.action_output === undefined ? null : plainText(step.action_output).trim();
  const made: (ToolCall & Partial<CodeCall>)[] = code === null ? [...calls] : codeCalls(code);
  const stdout = contentText(step.observations);
  const searches = made.filter(({ name }) => kindOfTool(name) === 'search').length;
  let searched = 0;
  const base = { turn, text };
  const actions = made.flatMap((call): Action[] => {
    const kind = kindOfTool(call.name);
    if (kind === 'command' && code !== null) return [];
    if (kind === 'answer') {
      // Code that names the tool may still not have called it.
      if (failed || step.is_final_answer === false) return [];
      const action = toolAction({ call, ...base, executed: true });
      const returned = given === undefined ? null : (output ?? given?.trim() ?? null);
      const answer = isFinal && output !== null ? output : call.isLiteral === false ? returned : null;
      return [answer === null ? action : { ...action, answer: detach(answer) }];
    }
    if (kind === 'search') searched += 1;
    // One output for all calls of a step: it is known of the last search alone what it found at best.
    const isLast = searched === searches;
    const documents = kind === 'search' && isLast && !failed ? { documents: splitDocuments(printed(stdout)) } : {};
    const action = toolAction({ call, ...base, executed: !failed, ...documents });
    return [code === null ? action : { ...action, code, stdout }];
  });
  if (isFinal && output !== null && !actions.some(({ kind }) => kind === 'answer')) {
    actions.push({ ...base, kind: 'answer', answer: detach(output), executed: true });
  }
  if (actions.length > 0) return actions;
  if (code !== null) return [{ ...base, kind: 'code', code, stdout, executed: !failed }];
  return text.trim() === '' ? [] : [{ ...base, kind: 'invalid', executed: false }];
}

/** Agents that write code call one tool with it. */
function pythonOf(calls: readonly ToolCall[]): string | null {
  const call = calls.find(({ name }) => name === 'python_interpreter');
  return call === undefined ? null : plainText(isFields(call.arguments) ? (call.arguments.code ?? '') : call.arguments);
}

/** What code printed, without the headings that smolagents puts around it. */
function printed(observations: string): string {
  const start = observations.startsWith('Execution logs:\n') ? 'Execution logs:\n'.length : 0;
  const end = observations.indexOf('Last output from code snippet:', start);
  const logs = observations.slice(start, end === -1 ? observations.length : end).trim();
  return logs === '' ? observations.slice(Math.max(end, 0)).replace('Last output from code snippet:', '').trim() : logs;
}
