import { ConfigError, type RetrievedDocument, RetrieverError } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';
import type { McpAnswer, McpTool } from './connect-mcp-tools.js';

export interface McpRetrieverOptions {
  /** Tools of {@link connectMcpTools}. */
  tools: readonly McpTool[];
  /** The tool that searches, by the name it has here. @default 'search' */
  search?: string;
  /** The tool that opens a document by its id. @default 'open' where the server has it */
  open?: string;
  /** The argument of the search that takes the query. @default its only required text, or 'query' */
  queryArgument?: string;
  /** The argument of the search that takes the number of passages. @default 'topk' where the tool has it */
  topKArgument?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const asRecord = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

/** A passage as the servers of `@dgpo/retriever` send it: `{ id, title, text }`. */
function toDocument(value: unknown): RetrievedDocument['document'] | null {
  const { id, title, text } = asRecord(value);
  if (typeof id !== 'string' || typeof text !== 'string') return null;
  return { id, contents: typeof title === 'string' ? `${title}\n${text}` : text };
}

function toPassages({ data, parts }: McpAnswer): RetrievedDocument[] {
  const { result } = asRecord(data);
  const listed = Array.isArray(result) ? result : null;
  return (listed ?? parts).flatMap((item, index) => {
    const own = { id: String(index + 1), contents: String(item) };
    const document = listed === null ? own : toDocument(item);
    const { score } = asRecord(item);
    return document === null ? [] : [{ document, score: typeof score === 'number' ? score : 1 / (index + 1) }];
  });
}

/**
 * A search tool of an MCP server as a {@link Retriever}, one call for each query. Passages are the server's `structuredContent.result`
 * (`[{ id, title, text, score }]`, what `@dgpo/retriever` serves), else its texts, a passage each with its title on the first line.
 * @throws ConfigError when the server has no such tools, RetrieverError from `retrieve` and `openDocument` when a call fails.
 */
export function createMcpRetriever(options: McpRetrieverOptions): Retriever {
  const { tools } = options;
  const find = (name: string, where: string): McpTool => {
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool === undefined) throw new ConfigError(`there is no tool "${name}"`, { where });
    return tool;
  };
  const search = find(options.search ?? 'search', 'search');
  const open = options.open === undefined ? tools.find(({ name }) => name === 'open') : find(options.open, 'open');
  const { queryArgument = search.argument ?? 'query' } = options;
  const hasTopK = 'topk' in asRecord(search.inputSchema.properties);
  const { topKArgument = hasTopK ? 'topk' : undefined } = options;

  const call = async (tool: McpTool, given: Fields, signal: AbortSignal | undefined): Promise<McpAnswer> => {
    const answer = await tool.call({ arguments: given, ...(signal === undefined ? {} : { signal }) });
    if (answer.isError) throw new RetrieverError(answer.text, { where: `MCP tool ${tool.name}` });
    return answer;
  };

  const retriever: Retriever = {
    batches: false,
    retrieve: ({ queries, topK, signal }) =>
      Promise.all(
        queries.map(async (query) => {
          const count = topKArgument === undefined ? {} : { [topKArgument]: topK };
          return toPassages(await call(search, { [queryArgument]: query, ...count }, signal)).slice(0, topK);
        }),
      ),
  };
  if (open === undefined) return retriever;
  return {
    ...retriever,
    async openDocument({ id, signal }) {
      const { data, text } = await call(open, { [open.argument ?? 'id']: id }, signal);
      return toDocument(data) ?? { id, contents: text };
    },
  };
}
