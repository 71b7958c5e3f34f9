// Breaks the code in listed ways, one at a time, in a copy of the working tree, and expects a test to fail each time.
// Usage: node tools/mutants/mutants.mjs [--losses] [part of a name]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyWorkspace } from './copy-workspace.mjs';
import { lossMutations } from './loss-mutations.mjs';
import { mutations } from './mutations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'dgpo-mutants-'));
let running;

/** Runs test files in the copy and reads what passed and failed. */
async function runTests(files) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const vitest = resolve(root, 'node_modules/vitest/vitest.mjs');
  const words = [vitest, 'run', ...files, '--reporter=json', `--outputFile=${report}`, '--no-file-parallelism'];
  let output = '';
  running = spawn(process.execPath, words, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [running.stdout, running.stderr]) stream.on('data', (part) => (output += part));
  await new Promise((done) => running.on('close', done));
  if (!existsSync(report)) throw new Error(`vitest wrote no report:\n${output}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    files: testResults.length,
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    // A file that cannot even be loaded notices nothing.
    broken: broken.map(({ name, message }) => `${name}: ${message}`),
  };
}

/** The test that notices the mutation, or null when none does. */
async function killerOf({ name, file, from, to, tests }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const found = source.split(from).length - 1;
  if (found !== 1) throw new Error(`"${name}": its text stands ${found} times in ${file}; it must stand there once`);
  try {
    writeFileSync(
      path,
      source.replace(from, () => to),
    );
    const { failed, broken } = await runTests(tests);
    if (broken.length > 0) throw new Error(`"${name}" makes code that does not load: ${broken[0]}`);
    return failed.length === 0 ? null : `${failed[0]}${failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''}`;
  } finally {
    writeFileSync(path, source);
  }
}

async function main() {
  const words = process.argv.slice(2);
  const [part = ''] = words.filter((word) => word !== '--losses');
  const chosen = (words.includes('--losses') ? lossMutations : mutations).filter(({ name }) => name.includes(part));
  if (chosen.length === 0) throw new Error(`no mutant has "${part}" in its name`);
  copyWorkspace(root, copy);
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const intact = await runTests(files);
  const problems = [...intact.failed, ...intact.broken];
  if (problems.length > 0) throw new Error(`a test fails without any mutation: ${problems.join('; ')}`);
  if (intact.files !== files.length)
    throw new Error(`${files.length} test files are named, ${intact.files} were found`);
  console.log(`${intact.passed} tests pass on the intact code\n`);

  const width = Math.max(...chosen.map(({ name }) => name.length));
  console.log(`${'mutant'.padEnd(width)}  killed by`);
  let survivors = 0;
  for (const mutation of chosen) {
    const killer = await killerOf(mutation);
    if (killer === null) survivors += 1;
    console.log(`${mutation.name.padEnd(width)}  ${killer ?? 'NOTHING: it survives'}`);
  }
  console.log(`\n${chosen.length - survivors} of ${chosen.length} mutants killed`);
  return survivors === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    running?.kill();
    rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
    process.exit(130);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`mutants: ${error.message}`);
  process.exitCode = 2;
} finally {
  rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
}
