import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '@dgpo/trajectory';

export type Message = { type: string } & Record<string, unknown>;

/** A process that takes and gives frames: four bytes of length, then JSON. */
export interface Child {
  readonly alive: boolean;
  send(message: Message): void;
  /** @throws EnvironmentError when the process has ended or sends what is no frame */
  receive(): Promise<Message>;
  kill(): void;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
}

const maxFrameBytes = 16 * 1024 * 1024;
const maxErrorText = 2000;

/** The children are plain JavaScript, run as they lie in the package: from source and when installed alike. */
export const childDirectory = join(
  dirname(createRequire(import.meta.url).resolve('@dgpo/envs/package.json')),
  'src/code/child',
);

/** Node's permission flag, by the name that this Node knows. */
function permissionFlag(): string | undefined {
  return ['--permission', '--experimental-permission'].find((flag) => process.allowedNodeEnvironmentFlags.has(flag));
}

/**
 * Node's permission flag where it exists: only `readable` can be read, nothing written, no process, thread, addon or WASI. No code from
 * strings, a small heap, and WebAssembly memory up to `memory` MB.
 */
function nodeFlags({ readable, memory }: { readable: readonly string[]; memory: number }): string[] {
  const permission = permissionFlag();
  return [
    '--no-warnings',
    '--disallow-code-generation-from-strings',
    '--max-old-space-size=192',
    `--wasm-max-mem-pages=${memory * 16}`,
    ...(permission === undefined ? [] : [permission, ...readable.map((path) => `--allow-fs-read=${path}`)]),
  ];
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** @param options.script a file of {@link childDirectory} */
export function startChild(options: { script: string; readable: readonly string[]; memory: number }): Child {
  const { script, readable, memory } = options;
  const flags = nodeFlags({ readable: [join(childDirectory, '*'), ...readable], memory });
  const child: ChildProcess = spawn(process.execPath, [...flags, join(childDirectory, script)], {
    // Not even a path: nothing of the surroundings is in reach.
    env: {},
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const { stderr } = child;
  const [, , , outgoing, incoming] = child.stdio as unknown as (Socket | undefined)[];
  const messages: Message[] = [];
  let waiting: { resolve: (message: Message) => void; reject: (error: Error) => void } | null = null;
  let failure: Error | null = null;
  let errors = '';

  const fail = (reason: string) => {
    failure ??= new EnvironmentError(`the interpreter's process ended: ${reason}`, { where: script });
    waiting?.reject(failure);
    waiting = null;
  };
  const deliver = (received: Message) => {
    if (waiting === null) messages.push(received);
    else waiting.resolve(received);
    waiting = null;
    hold(false);
  };

  let parts: Buffer[] = [];
  let size = 0;
  const take = () => {
    while (size >= 4) {
      const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      const length = bytes.readUInt32LE(0);
      if (length > maxFrameBytes) {
        fail(`it sent a frame of ${length} bytes`);
        child.kill('SIGKILL');
        return;
      }
      parts = [bytes];
      if (size < 4 + length) return;
      try {
        deliver(JSON.parse(bytes.toString('utf8', 4, 4 + length)) as Message);
      } catch (error) {
        fail(`it sent what is no JSON (${message(error)})`);
        child.kill('SIGKILL');
        return;
      }
      parts = [bytes.subarray(4 + length)];
      size -= 4 + length;
    }
  };
  incoming?.on('data', (chunk: Buffer) => {
    parts.push(chunk);
    size += chunk.length;
    take();
  });
  stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-maxErrorText);
  });
  // A process that has just ended breaks the pipe; its exit is what is reported.
  outgoing?.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      fail(error.message);
      resolve();
    });
    child.on('close', (code, signal) => {
      const lastLine =
        errors
          .trim()
          .split('\n')
          .find((line) => line.includes('Error')) ?? '';
      fail([signal ?? `code ${code}`, lastLine].filter((text) => text !== '').join(', '));
      resolve();
    });
  });
  // The program waits for a child that owes it a message, not for one that is idle.
  const hold = (held: boolean) => {
    for (const handle of [child, outgoing, incoming, stderr] as (
      | Partial<Pick<Socket, 'ref' | 'unref'>>
      | null
      | undefined
    )[]) {
      if (held) handle?.ref?.();
      else handle?.unref?.();
    }
  };
  hold(false);

  return {
    get alive() {
      return failure === null;
    },
    send(sent) {
      const body = Buffer.from(JSON.stringify(sent), 'utf8');
      const frame = Buffer.alloc(4);
      frame.writeUInt32LE(body.length, 0);
      if (failure === null) outgoing?.write(Buffer.concat([frame, body]));
    },
    receive() {
      const next = messages.shift();
      if (next !== undefined) return Promise.resolve(next);
      if (failure !== null) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        hold(true);
      });
    },
    kill() {
      fail('it was closed');
      // It is gone in a moment; whoever waits for that must not be left behind.
      hold(true);
      child.kill('SIGKILL');
    },
    exited,
  };
}
