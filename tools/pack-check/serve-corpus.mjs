/** The two commands of the README of @dgpo/retriever, and the request behind them, in a project that has nothing but the package. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const corpus = [
  { id: '0', contents: '"Peru"\nPeru is a country in South America. Its capital is Lima.' },
  { id: '1', contents: '"Hamlet"\nHamlet is a tragedy that William Shakespeare wrote.' },
];

/** The port is a free one, so that nothing else is in the way. @returns what is wrong, or undefined. */
export async function serveCorpus({ project, environment }) {
  const options = { cwd: project, env: environment, encoding: 'utf8', shell: process.platform === 'win32' };
  writeFileSync(join(project, 'corpus.jsonl'), corpus.map((passage) => `${JSON.stringify(passage)}\n`).join(''));
  const bin = join(project, 'node_modules', '.bin', 'dgpo-retriever');
  const indexed = spawnSync(bin, ['index', 'corpus.jsonl', '--out', 'wiki'], options);
  if (indexed.status !== 0) return `index: ${indexed.stdout}${indexed.stderr}`;
  const server = spawn(bin, ['serve', 'wiki', '--port', '0', '--json'], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(server.stdout.setEncoding('utf8'), 'data', { signal: AbortSignal.timeout(30_000) });
    const response = await fetch(`${JSON.parse(line).url}/retrieve`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"queries": ["Who wrote Hamlet?"], "topk": 3, "return_scores": true}',
    });
    const { result } = await response.json();
    return result?.[0]?.[0]?.document?.id === '1' ? undefined : `answered ${JSON.stringify(result)}`;
  } catch (error) {
    return String(error);
  } finally {
    server.kill();
  }
}
