import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CodeTool } from '../code-interpreter.js';

/** What code must neither see nor change: a folder with a secret, a variable of the environment, a server. */
export async function createSurroundings() {
  const folder = await mkdtemp(join(tmpdir(), 'dgpo-code-'));
  const secret = 'kept-from-the-code';
  const secretFile = join(folder, 'secret.txt');
  await writeFile(secretFile, secret);
  process.env.DGPO_TEST_SECRET = secret;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    folder,
    secret,
    secretFile,
    port,
    /** What has leaked or changed; empty when all is well. */
    async damage(shown: unknown): Promise<string[]> {
      const files = await readdir(folder);
      return [
        ...(files.join() === 'secret.txt' ? [] : [`files: ${files.join()}`]),
        ...(JSON.stringify(shown).includes(secret) ? ['the secret was read'] : []),
        ...(connections === 0 ? [] : ['a connection was made']),
        ...('polluted' in {} ? ['a prototype of the host was changed'] : []),
      ];
    },
    async close() {
      delete process.env.DGPO_TEST_SECRET;
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Gives its argument back, and remembers what it was called with. */
export function createEchoTool() {
  const seen: unknown[] = [];
  const tool: CodeTool = {
    name: 'echo',
    description: 'gives its argument back',
    parameters: ['value'],
    run: async ({ arguments: given }) => {
      seen.push(given);
      return given.value ?? null;
    },
  };
  return { tool, seen };
}
