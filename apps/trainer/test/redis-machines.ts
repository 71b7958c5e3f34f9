import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A port that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A Redis server of a test, which keeps nothing. */
export async function startRedis(): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'dgpo-redis-'));
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  );
  let failure: Error | undefined;
  server.on('error', (error) => {
    failure = new Error(`these tests need redis-server (Debian: apt-get install redis-server): ${error.message}`);
  });
  const ended = once(server, 'exit').catch(() => undefined);
  for (let tries = 0; tries < 200 && failure === undefined && !(await accepts(port)); tries++) await sleep(50);
  if (failure !== undefined) throw failure;
  return {
    port,
    stop: async () => {
      server.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A way to a port that can be cut: connections break, and new ones are refused until it is mended. */
export async function startProxy(target: number) {
  const sockets = new Set<Socket>();
  let broken = false;
  const server = createServer((inner) => {
    if (broken) return inner.destroy();
    const outer = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    inner.pipe(outer).pipe(inner);
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      broken = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      broken = false;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A `dgpo worker` of its own process, from source. */
export interface WorkerProcess {
  process: ChildProcess;
  /** Everything it has written. */
  output(): string;
  /** Resolves when its output, or what it writes from now on, matches. */
  says(pattern: RegExp, from?: 'start' | 'now'): Promise<void>;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

export function startWorkerProcess(options: {
  flags: readonly string[];
  environment?: Record<string, string>;
}): WorkerProcess {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--conditions=@dgpo/source',
      fileURLToPath(new URL('../src/cli.ts', import.meta.url)),
      'worker',
      ...options.flags,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } },
  );
  let text = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return {
    process: child,
    output: () => text,
    says: (pattern, from = 'start') =>
      new Promise((resolve, reject) => {
        const start = from === 'now' ? text.length : 0;
        const look = () => {
          if (!pattern.test(text.slice(start))) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        ended.then((code) => reject(new Error(`the worker ended (${code}) without saying ${pattern}:\n${text}`)));
        look();
      }),
    ended,
  };
}
