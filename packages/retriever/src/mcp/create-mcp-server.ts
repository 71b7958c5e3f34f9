import { ConfigError, type RetrievedDocument } from '@dgpo/trajectory';
import { z } from 'zod';
import { splitTitle } from '../corpus/split-title.js';
import { packageVersion } from '../package-version.js';
import type { Document, Retriever } from '../retriever.js';
import { RequestError } from '../server/request-error.js';
import { withinTime } from '../server/within-time.js';
import { untilAborted } from '../until-aborted.js';
import { importMcpModule } from './import-sdk.js';

/** The part of an indexed retriever that reads passages by their ids. */
export interface PassageLookup {
  /** The passage of each id, undefined where the corpus has none. */
  lookUp(ids: readonly string[]): Promise<(Document | undefined)[]>;
}

export interface McpServerOptions {
  /** Answers the tool `search`, and `open` when it looks passages up by their ids. */
  retriever: Retriever & Partial<PassageLookup>;
  /**
   * Passages when the model does not say.
   * @default 3
   */
  topK?: number;
  /**
   * The most passages the model may ask for.
   * @default 50
   */
  maxTopK?: number;
  /**
   * The longest query, in UTF-16 code units.
   * @default 32768
   */
  maxQueryLength?: number;
  /**
   * How long one search may take, in milliseconds.
   * @default 30000
   */
  timeout?: number;
  /**
   * What the tool `search` says about itself: models choose tools by it.
   * @default 'Search the corpus. Returns the passages that fit the query best, best first.'
   */
  description?: string;
  /**
   * Gets one line for each call that failed inside the server.
   * @default console.warn (stderr)
   */
  logger?: (message: string) => void;
}

/** What carries the messages: any transport of `@modelcontextprotocol/sdk`. */
export interface McpTransport {
  start(): Promise<void>;
  send(message: object): Promise<void>;
  close(): Promise<void>;
}

export interface McpServer {
  /** Answers the client at the other end. A server has one transport in its life. */
  connect(transport: McpTransport): Promise<void>;
  close(): Promise<void>;
}

const passageSchema = z.object({ id: z.string(), title: z.string(), text: z.string() });
const foundSchema = passageSchema.extend({ score: z.number() });

const toPassage = ({ id, contents }: Document) => ({ id, ...splitTitle(contents) });
const toText = ({ id, title, text }: z.infer<typeof passageSchema>) => ({
  type: 'text' as const,
  text: `${title} (id ${id})\n${text}`.trimEnd(),
});

function answerSearch(found: readonly RetrievedDocument[]) {
  const result = found.map(({ document, score }) => ({ ...toPassage(document), score }));
  const content = result.length === 0 ? [{ type: 'text' as const, text: 'nothing found' }] : result.map(toText);
  return { content, structuredContent: { result } };
}

/**
 * A server of the Model Context Protocol (https://modelcontextprotocol.io) with the tool `search` (`query`, `topk`) and, when
 * the retriever looks passages up, `open` (`id`). Passages come as text for the model and as `structuredContent` for programs. Needs the optional package
 * `@modelcontextprotocol/sdk`.
 * @throws ConfigError when the package is not installed, and for limits below 1.
 */
export async function createMcpServer({
  retriever,
  topK = 3,
  maxTopK = 50,
  maxQueryLength = 32_768,
  timeout = 30_000,
  description = 'Search the corpus. Returns the passages that fit the query best, best first.',
  logger = console.warn,
}: McpServerOptions): Promise<McpServer> {
  for (const [name, value] of Object.entries({ topK, maxTopK, maxQueryLength, timeout })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`${name} must be an integer of at least 1, not ${value}`);
    }
  }
  if (topK > maxTopK) throw new ConfigError(`topK (${topK}) must not exceed maxTopK (${maxTopK})`);
  const sdk = await importMcpModule('server');
  const server = new sdk.McpServer({ name: 'dgpo-retriever', version: packageVersion() });

  /** The SDK turns an error into an answer that the model reads: inner details go to the log instead. */
  async function guarded<T>(tool: string, client: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withinTime({ client, timeout, work: (signal) => untilAborted(work(signal), signal) });
    } catch (error) {
      if (error instanceof RequestError) throw error;
      logger(`tool ${tool}: ${error instanceof Error ? error.message : String(error)}`);
      throw new Error('the search failed inside the server; its log says why');
    }
  }

  server.registerTool(
    'search',
    {
      title: 'Search',
      description,
      inputSchema: {
        query: z.string().min(1).max(maxQueryLength).describe('What to look for'),
        topk: z.int().min(1).max(maxTopK).default(topK).describe('The most passages to return'),
      },
      outputSchema: { result: z.array(foundSchema) },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ query, topk }, { signal: client }) => {
      const found = await guarded('search', client, (signal) =>
        retriever.retrieve({ queries: [query], topK: topk, signal }),
      );
      return answerSearch(found[0] ?? []);
    },
  );
  if (retriever.lookUp !== undefined) {
    const lookUp = retriever.lookUp.bind(retriever);
    server.registerTool(
      'open',
      {
        title: 'Open',
        description: 'Read one passage of the corpus by its id.',
        inputSchema: { id: z.string().min(1).max(maxQueryLength).describe('The id of a passage that was found') },
        outputSchema: passageSchema.shape,
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      async ({ id }, { signal: client }) => {
        const [document] = await guarded('open', client, () => lookUp([id]));
        if (document === undefined) {
          return { isError: true, content: [{ type: 'text' as const, text: `there is no passage with the id ${id}` }] };
        }
        const passage = toPassage(document);
        return { content: [toText(passage)], structuredContent: passage };
      },
    );
  }
  return {
    connect: (transport) => server.connect(transport),
    close: () => server.close(),
  };
}
