import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The command `dgpo-eval serve`, from its sources, on a free port. */
export async function serve(directory: string): Promise<{ url: string; close: () => Promise<void> }> {
  const evaluator = fileURLToPath(new URL('../..', import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@dgpo/source', 'src/cli.ts', 'serve', directory, '--port', '0'],
    { cwd: evaluator, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  const close = async () => {
    child.kill('SIGINT');
    await ended;
  };
  if (child.stdout === null) throw new Error('the command has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return { url, close };
  }
  throw new Error(`dgpo-eval serve ended: ${errors}`);
}
