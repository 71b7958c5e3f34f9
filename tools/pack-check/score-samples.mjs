/** The commands of the README of @dgpo/arc on its own samples, in an empty project that has the tarballs of arc and trajectory alone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The lines of a README that score a sample, as words. */
function sampleCommands(markdown) {
  return [...markdown.matchAll(/^npx dgpo-arc score node_modules\/\S+\.jsonl .*$/gm)].map(([line]) =>
    line.split(/\s+/),
  );
}

/**
 * @param {{ tarballs: Record<string, string>, environment: NodeJS.ProcessEnv }} options Paths of the tarballs of `@dgpo/arc` and
 *   `@dgpo/trajectory` by name.
 * @returns one entry per check: what was looked at, whether it holds, and the output.
 */
export function scoreSamples({ tarballs, environment }) {
  const project = mkdtempSync(join(tmpdir(), 'dgpo-arc-alone-'));
  const options = {
    cwd: project,
    env: environment,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 120_000,
  };
  const run = (command, args) => {
    const result = spawnSync(command, args, options);
    return {
      ok: result.status === 0,
      output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`,
    };
  };
  try {
    const dependencies = Object.fromEntries(Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]));
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: 'empty-project', private: true, dependencies }),
    );
    const installed = run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline']);
    const checks = [{ text: 'install arc and trajectory alone', ...installed }];
    if (!installed.ok) return checks;

    const modules = join(project, 'node_modules');
    const own = readdirSync(join(modules, '@dgpo')).sort();
    const isAlone = own.join() === 'arc,trajectory' && !existsSync(join(modules, '@tensorflow'));
    checks.push({
      text: 'nothing else of this project there, and no TensorFlow.js',
      ok: isAlone,
      output: own.join('\n'),
    });

    const folder = join(modules, '@dgpo/arc');
    const samples = readdirSync(join(folder, 'samples')).filter((name) => name.endsWith('.jsonl'));
    const commands = sampleCommands(readFileSync(join(folder, 'README.md'), 'utf8'));
    const named = commands.length >= samples.length && samples.length > 0;
    checks.push({ text: `README.md scores each of ${samples.length} samples`, ok: named, output: samples.join('\n') });
    for (const [command, ...words] of commands) {
      const scored = run(command, words);
      const out = join(project, words[words.indexOf('--out') + 1] ?? '');
      const written = ['results.json', 'episodes.jsonl', 'report.html'].every((name) => existsSync(join(out, name)));
      checks.push({ text: words.slice(1, 5).join(' '), ok: scored.ok && written, output: scored.output });
    }
    return checks;
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}
