import { ConfigError, EnvironmentError } from '@dgpo/trajectory';
import { checkWhole } from '../episode/check-whole.js';
import type { EpisodeTool, ToolAnswer } from '../tool.js';
import { importMcpModule } from './import-client.js';
import { type McpServerAddress, openTransport } from './open-transport.js';

export interface McpToolsOptions {
  server: McpServerAddress;
  /** The tools to offer, by the server's names and in this order. @default all, as the server lists them */
  only?: readonly string[];
  /**
   * What policies call a tool, by the server's name: formats take letters, digits, `_`, `-` and `.`, and no name that is taken, such as
   * `search`.
   * @default its own name
   */
  rename?: (name: string) => string;
  /** Milliseconds until connecting or a call counts as failed. @default 30000 */
  timeout?: number;
  /** Longest text of an answer, in UTF-16 code units; the rest is cut off. @default 20000 */
  maxOutputLength?: number;
  /** Longest message of the server, in bytes; a longer one is a failure. @default 4194304 */
  maxMessageBytes?: number;
}

/** What a tool of an MCP server answered. */
export interface McpAnswer extends ToolAnswer {
  /** The texts of the answer, whole, one for each block. */
  parts: string[];
  /** The answer as data, from servers that send it so. */
  data?: unknown;
}

/** A tool of an MCP server, as an {@link EpisodeTool}. */
export interface McpTool extends EpisodeTool {
  /** JSON schema of the arguments. */
  inputSchema: Readonly<Record<string, unknown>>;
  call(options: { arguments: Readonly<Record<string, unknown>>; signal?: AbortSignal }): Promise<McpAnswer>;
}

export interface McpTools {
  tools: McpTool[];
  /** Ends the connection, and the program where one was started. */
  close(): Promise<void>;
}

/** Pages of a list of tools that are read. */
const maxPages = 50;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The argument that a text alone can stand for: the only required one, or the only one at all, when it is a text. */
function textArgument(schema: Readonly<Record<string, unknown>>): string | undefined {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, unknown>>;
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const [name, ...others] = required.length > 0 ? required : Object.keys(properties);
  const property = name === undefined || others.length > 0 ? undefined : properties[name];
  const isText = typeof property === 'object' && property !== null && 'type' in property && property.type === 'string';
  return isText ? name : undefined;
}

/** A block of an answer as text. */
function textOf(block: unknown): string {
  const { type = 'content', text, resource } = (block ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof text === 'string') return text;
  const inner = (resource ?? {}) as Readonly<Record<string, unknown>>;
  return typeof inner.text === 'string' ? inner.text : `[${String(type)}, not shown]`;
}

/** The beginning of a text, without half a character at its end. */
function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const kept = text.slice(0, maxLength);
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/**
 * The tools of a server of the Model Context Protocol (https://modelcontextprotocol.io), for the `tools` of the search environment.
 * A tool that fails, answers too late or is gone gives an answer with `isError` whose text says so. Needs the optional package
 * `@modelcontextprotocol/sdk`.
 * @throws ConfigError when the package is not installed, for an address beyond this machine, for limits out of range and for names in
 * `only` that the server does not have; EnvironmentError when there is no connection.
 */
export async function connectMcpTools(options: McpToolsOptions): Promise<McpTools> {
  const {
    server,
    only,
    rename = (name) => name,
    timeout = 30_000,
    maxOutputLength = 20_000,
    maxMessageBytes = 4 * 2 ** 20,
  } = options;
  checkWhole('timeout', timeout, 1);
  checkWhole('maxOutputLength', maxOutputLength, 1);
  checkWhole('maxMessageBytes', maxMessageBytes, 1);
  const transport = await openTransport({ server, maxBytes: maxMessageBytes });
  const sdk = await importMcpModule('client');
  const client = new sdk.Client({ name: 'dgpo-envs', version: '1.0.0' });

  const listTools = async () => {
    const listed: Awaited<ReturnType<typeof client.listTools>>['tools'] = [];
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const answer = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout });
      listed.push(...answer.tools);
      cursor = answer.nextCursor;
      if (cursor === undefined) break;
    }
    return listed;
  };

  const toTool = (listed: Awaited<ReturnType<typeof listTools>>[number]): McpTool => {
    const { name: ownName, description, inputSchema } = listed;
    const argument = textArgument(inputSchema);
    const name = rename(ownName);
    return {
      name,
      description: cut(description ?? ownName, 500),
      inputSchema,
      ...(argument === undefined ? { parameters: Object.keys(inputSchema.properties ?? {}) } : { argument }),
      async call({ arguments: given, signal }) {
        try {
          const request = { timeout, maxTotalTimeout: timeout, ...(signal === undefined ? {} : { signal }) };
          const answer = await client.callTool({ name: ownName, arguments: { ...given } }, undefined, request);
          const parts = (Array.isArray(answer.content) ? answer.content : []).map(textOf);
          const data = answer.structuredContent === undefined ? {} : { data: answer.structuredContent };
          return { text: cut(parts.join('\n'), maxOutputLength), isError: answer.isError === true, parts, ...data };
        } catch (error) {
          signal?.throwIfAborted();
          return { text: cut(`${name} failed: ${messageOf(error)}`, maxOutputLength), isError: true, parts: [] };
        }
      },
    };
  };

  try {
    await client.connect(transport as Parameters<typeof client.connect>[0], { timeout });
    const listed = await listTools();
    const chosen = (only ?? listed.map(({ name }) => name)).map((name) => {
      const tool = listed.find((candidate) => candidate.name === name);
      if (tool !== undefined) return toTool(tool);
      const names = listed.map((candidate) => candidate.name).join(', ');
      throw new ConfigError(`the server has no tool "${name}"; it has ${names || 'none'}`, { where: 'only' });
    });
    return { tools: chosen, close: () => client.close() };
  } catch (cause) {
    await client.close().catch(() => undefined);
    await transport.close().catch(() => undefined);
    if (cause instanceof ConfigError) throw cause;
    throw new EnvironmentError(`there is no connection: ${cut(messageOf(cause), 500)}`, { where: 'MCP server', cause });
  }
}
