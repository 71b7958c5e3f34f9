/** What a tool answered. */
export interface ToolAnswer {
  /** For the policy to read. */
  text: string;
  /** Whether the tool, or the way to it, failed; the text then says how. */
  isError: boolean;
}

/** A tool beyond those of the environment, such as one of an MCP server. */
export interface EpisodeTool {
  /** Letters, digits, `_`, `-` and `.`. */
  name: string;
  /** For the prompt. */
  description: string;
  /** The argument that a text alone stands for; without it, arguments are written as a JSON object. */
  argument?: string;
  /** The names of its arguments, for the prompt of a tool without `argument`. @default none */
  parameters?: readonly string[];
  /** Rejects only with the reason of an aborted signal: a failure is an answer with `isError`. */
  call(options: { arguments: Readonly<Record<string, unknown>>; signal?: AbortSignal }): Promise<ToolAnswer>;
}
