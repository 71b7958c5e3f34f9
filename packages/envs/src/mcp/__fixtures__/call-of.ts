import type { McpTools } from '../connect-mcp-tools.js';

/** Calls tools of a server by their names. */
export const callOf =
  ({ tools }: McpTools) =>
  (name: string, given: Record<string, unknown> = {}, signal?: AbortSignal) => {
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    return tool.call({ arguments: given, ...(signal === undefined ? {} : { signal }) });
  };
