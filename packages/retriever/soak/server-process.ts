import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serverQueue } from './full-queue.js';

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

/** The words that start `dgpo-retriever` from source. */
export const commandLine = (words: readonly string[]): string[] => [
  '--import',
  'tsx',
  '--conditions=@dgpo/source',
  cli,
  ...words,
];

export interface ServerProcess {
  /** Where it listens now; undefined while it is down. */
  readonly url: string | undefined;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** SIGKILL, a pause, and a new process. */
  restart(pause: number): Promise<void>;
  /** What it wrote to stderr, the ends of it that nobody ordered included. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** A server process over an index directory, as a user starts it. */
export async function startServer(directory: string): Promise<ServerProcess> {
  const complaints: string[] = [];
  let url: string | undefined;
  let child: ChildProcess;
  let ordered = false;

  async function start() {
    ordered = false;
    const words = commandLine(['serve', directory, '--port', '0', '--max-queue', String(serverQueue), '--json']);
    const started = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    started.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString().trim()));
    started.on('exit', (code, signal) => {
      url = undefined;
      if (!ordered) complaints.push(`the server ended by itself (code ${code}, signal ${signal})`);
    });
    let text = '';
    for await (const chunk of started.stdout) {
      text += chunk;
      if (text.includes('\n')) break;
    }
    if (text === '') throw new Error(`the server did not start: ${complaints.join('; ')}`);
    ({ url } = JSON.parse(text) as { url: string });
  }

  async function kill() {
    ordered = true;
    url = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    get url() {
      return url;
    },
    get pid() {
      return child.pid;
    },
    complaints,
    async restart(pause) {
      await kill();
      await new Promise((resolve) => setTimeout(resolve, pause));
      await start();
    },
    close: kill,
  };
}
