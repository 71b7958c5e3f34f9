import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ChatModel } from '../endpoint/chat-model.js';
import { createChatEndpoint } from '../endpoint/create-chat-endpoint.js';
import { parseWhole } from './command-options.js';

/** The flags of commands that ask a model behind an API. */
export interface EndpointFlags {
  endpoint: string;
  model: string;
  apiKeyVariable?: string;
  concurrency: number;
  timeout: number;
  retries: number;
  cache: string;
}

/** Adds them. */
export function addEndpointOptions(command: Command): Command {
  return command
    .requiredOption('--endpoint <url>', "server with OpenAI's API, such as http://127.0.0.1:8000")
    .requiredOption('--model <name>', 'the name under which it serves the model')
    .option('--api-key-variable <name>', 'environment variable with the key (default: no key)')
    .option('--concurrency <n>', 'requests on the way at once', parseWhole(1), 8)
    .option('--timeout <seconds>', 'how long one attempt may take', parseWhole(1), 120)
    .option('--retries <n>', 'further attempts of a request that failed', parseWhole(0), 4)
    .option('--cache <file>', 'where replies are kept, so that nothing is asked twice', defaultCache());
}

/** The model that the flags name. */
export const chatOf = (flags: EndpointFlags): ChatModel =>
  createChatEndpoint({
    endpoint: flags.endpoint,
    model: flags.model,
    timeout: 1000 * flags.timeout,
    retries: flags.retries,
    ...(flags.apiKeyVariable === undefined ? {} : { apiKeyVariable: flags.apiKeyVariable }),
  });

/** What came from the cache, since a model may have changed under its name; empty if all was asked. */
export const describeCache = (hits: number, path: string): string =>
  hits === 0 ? '' : `${hits} replies are those of an earlier run, from ${path}\n`;

const defaultCache = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgpo', 'arc-replies.jsonl');
