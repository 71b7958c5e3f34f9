import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { namedToken } from './tokenizer-settings.js';

/** A message as `transformers` and OpenAI write it; a template may read more fields, such as `tool_calls`. */
export interface ChatMessage {
  role: string;
  content?: unknown;
  [field: string]: unknown;
}

export interface RenderOptions {
  messages: readonly ChatMessage[];
  /**
   * End with what begins an answer of the assistant.
   * @default false
   */
  addGenerationPrompt?: boolean;
  /** Descriptions of tools, as JSON schemas. */
  tools?: readonly unknown[];
  /** More variables for the template, such as `enable_thinking`. */
  variables?: Readonly<Record<string, unknown>>;
}

export interface ChatTemplate {
  /** The Jinja text. */
  readonly source: string;
  /**
   * The conversation as text. What a message says stands there as it is: names of special tokens in it are not marked.
   * Encode a conversation with `renderConversation`, which keeps them apart.
   * @throws {ModelError} with what the template says is wrong
   */
  render(options: RenderOptions): string;
}

export interface ChatTemplateOptions {
  source: string;
  /** The template for calls with tools. @default that of `source` */
  toolSource?: string;
  /** Tokens by the names that templates use: `bos_token`, `eos_token`, … */
  tokens?: Readonly<Record<string, string>>;
  /** The file, for errors. */
  where?: string;
}

const longestRange = 100_000;

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= longestRange)) throw new Error(`a range of ${length} is longer than ${longestRange}`);
  return Array.from({ length }, (_, index) => from + index * step);
}

const globals = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  // `strftime_now` stays undefined: results do not depend on the day, and templates that ask for it have a default.
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
};

/**
 * A chat template in Jinja, on `@huggingface/jinja`.
 * @throws {ModelError} when it is no Jinja
 */
export function createChatTemplate(options: ChatTemplateOptions): ChatTemplate {
  const { source, toolSource = source, tokens = {}, where } = options;
  const fail = (what: string, cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`${what}: ${reason}`, { ...(where === undefined ? {} : { where }), cause });
  };
  const compile = (text: string) => {
    try {
      return parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }));
    } catch (cause) {
      return fail('the chat template cannot be read', cause);
    }
  };
  const plain = compile(source);
  const forTools = toolSource === source ? plain : compile(toolSource);
  const render = ({ messages, addGenerationPrompt = false, tools, variables = {} }: RenderOptions): string => {
    try {
      const environment = new Environment();
      const values = {
        ...globals,
        ...tokens,
        ...variables,
        messages,
        add_generation_prompt: addGenerationPrompt,
        tools: tools ?? null,
      };
      for (const [name, value] of Object.entries(values)) environment.set(name, value);
      const result = new Interpreter(environment).run(tools === undefined ? plain : forTools);
      return String(result.value);
    } catch (cause) {
      return fail('the chat template refuses this conversation', cause);
    }
  };
  return { source, render };
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new ModelError(`cannot be read: ${cause instanceof Error ? cause.message : cause}`, { where: path, cause });
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readOptional(path);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`cannot be read as JSON: ${cause instanceof Error ? cause.message : cause}`, {
      where: path,
      cause,
    });
  }
}

/** The templates of `chat_template` in `tokenizer_config.json`: one text, or a list of named ones. */
function templatesOf(value: unknown): ReadonlyMap<string, string> {
  if (typeof value === 'string') return new Map([['default', value]]);
  const named = (Array.isArray(value) ? value : []).map((entry: unknown): [unknown, unknown] =>
    typeof entry === 'object' && entry !== null ? [Reflect.get(entry, 'name'), Reflect.get(entry, 'template')] : [0, 0],
  );
  return new Map(named.filter((pair): pair is [string, string] => pair.every((part) => typeof part === 'string')));
}

/**
 * The chat template of a model folder: `chat_template.jinja`, else `chat_template` of `tokenizer_config.json` (of several
 * the one named `default`, and `tool_use` for calls with tools); `undefined` where there is none.
 * @throws {ModelError} naming the file that is damaged
 */
export async function loadChatTemplate(directory: string): Promise<ChatTemplate | undefined> {
  const jinjaPath = join(directory, 'chat_template.jinja');
  const configPath = join(directory, 'tokenizer_config.json');
  const jinja = await readOptional(jinjaPath);
  const config = await readJson(configPath);
  const map = await readJson(join(directory, 'special_tokens_map.json'));
  const named =
    typeof config === 'object' && config !== null ? templatesOf(Reflect.get(config, 'chat_template')) : new Map();
  const source = jinja ?? named.get('default');
  if (source === undefined) return undefined;
  const toolSource = jinja === undefined ? named.get('tool_use') : undefined;
  const tokens: Record<string, string> = {};
  for (const key of ['bos_token', 'eos_token', 'unk_token', 'pad_token', 'sep_token', 'cls_token', 'mask_token']) {
    const token = namedToken(config, key) ?? namedToken(map, key);
    if (token !== undefined) tokens[key] = token;
  }
  return createChatTemplate({
    source,
    tokens,
    where: jinja === undefined ? configPath : jinjaPath,
    ...(toolSource === undefined ? {} : { toolSource }),
  });
}
