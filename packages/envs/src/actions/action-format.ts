import { ConfigError } from '@dgpo/trajectory';
import { jsonFormat } from './json-format.js';
import { reactFormat } from './react-format.js';
import { stateActFormat } from './state-act-format.js';
import { tagFormat } from './tag-format.js';
import { toolCallFormat } from './tool-call-format.js';

/** How a policy writes its actions. */
export type ActionFormatName = 'tags' | 'react' | 'stateact' | 'json' | 'tool-calls';

/** What a policy can do. */
export interface ActionTool {
  /** Letters, digits, `_`, `-` and `.`. */
  name: string;
  /** For the prompt: what it does, without a full stop. */
  description: string;
  /** The argument that a text alone stands for. Without it, its arguments are a JSON object in every format. */
  argument?: string;
  /** The names of its arguments, for the prompt of a tool without `argument`. @default none */
  parameters?: readonly string[];
  /** Whether that argument may be empty. @default false */
  mayBeEmpty?: boolean;
}

/** A call of a tool. */
export interface ToolCall {
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
}

/** What a policy may write around its call; formats leave out what they have no place for. */
export interface ActionNotes {
  thought?: string;
  /** What it is to reach (`stateact`). */
  goal?: string;
  /** Where things stand, by name (`stateact`). */
  state?: Readonly<Record<string, string>>;
}

/** What stands around an observation. */
export interface ObservationFrame {
  prefix: string;
  /** Encoded with the text: in most vocabularies a blank belongs to the word after it. */
  lead: string;
  suffix: string;
}

/** A way to write actions. */
export interface ActionFormat {
  readonly name: ActionFormatName;
  /** Where a turn ends. */
  readonly stop: readonly string[];
  /** How to write, and what there is to call, for the prompt. */
  readonly instructions: string;
  /** The form of an action, for a policy that wrote none. */
  readonly reminder: string;
  /** What stands around the observation that follows a turn. */
  around(written: string): ObservationFrame;
  /** The first complete action, null when there is none. Never throws. */
  parse(text: string): (ToolCall & { thought: string }) | null;
  /** A turn that {@link parse} reads back, for experts and demonstrations. */
  render(options: ToolCall & ActionNotes): string;
}

const formats: Readonly<
  Record<ActionFormatName, (tools: readonly ActionTool[], observationTag: string) => ActionFormat>
> = {
  tags: tagFormat,
  react: reactFormat,
  stateact: stateActFormat,
  json: jsonFormat,
  'tool-calls': toolCallFormat,
};

/**
 * A way to write actions over these tools:
 * - `tags`: `<think>why</think><search>query</search>`, as Search-R1 (arXiv 2503.09516)
 * - `react`: `Thought: why`, then `Action: search[query]`, as ReAct (arXiv 2210.03629)
 * - `stateact`: lines `goal:`, `state:`, `thought:` and `action:`, as StateAct (arXiv 2410.02810)
 * - `json`: `{"thought": "why", "tool": "search", "arguments": {"query": "…"}}`, then the label of the observation
 * - `tool-calls`: `<tool_call>{"name": "search", "arguments": {"query": "…"}}</tool_call>`, OpenAI's tool calls as Hermes and Qwen write them
 *
 * Where there is one tool only, the lines and tags hold its argument alone: `Action: go to fridge 1`, `<action>go to fridge 1</action>`.
 * @throws ConfigError for an unknown format, no tools, and names of tools that are no names, occur twice or are tags of the format.
 */
export function createActionFormat(options: {
  format: ActionFormatName;
  tools: readonly ActionTool[];
  /** What observations stand in with `tags`. @default 'observation' */
  observationTag?: string;
}): ActionFormat {
  const { format, tools, observationTag = 'observation' } = options;
  const create = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (create === undefined) {
    throw new ConfigError(`there is no "${format}"; there are ${Object.keys(formats).join(', ')}`, { where: 'format' });
  }
  if (tools.length === 0) throw new ConfigError('expected at least one', { where: 'tools' });
  const names = new Set<string>();
  for (const { name } of tools) {
    if (!/^[\w.-]+$/.test(name) || names.has(name.toLowerCase())) {
      throw new ConfigError(
        `expected names of their own, of letters, digits, "_", "-" and ".", found "${name}"; rename it`,
        { where: 'tools' },
      );
    }
    names.add(name.toLowerCase());
  }
  return create(tools, observationTag);
}
