#!/usr/bin/env node
/**
 * Proves that what would be published works for a stranger: packs every workspace package, installs the tarballs into an empty
 * project outside the repository, type-checks and runs the first `ts` block of each README there, runs each bin with --help, indexes and
 * serves a corpus, scores the samples of @dgpo/arc in a project of its own, and looks at the installed tree (one @tensorflow/tfjs-core;
 * packages that promise so come without TensorFlow.js).
 *
 *   npm run build && node tools/pack-check/pack-check.mjs [--only rl,arc] [--ignore-scripts] [--keep]
 *
 * --only            run the examples and bins of these packages alone (all are installed: they depend on each other)
 * --ignore-scripts  do not compile native addons
 * --keep            leave the project on disk and print its place
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { firstExample } from './first-example.mjs';
import { dependencyClosure, installedCopies } from './installed-tree.mjs';
import { scoreSamples } from './score-samples.mjs';
import { serveCorpus } from './serve-corpus.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const withoutTensorFlow = ['@dgpo/trajectory', '@dgpo/envs', '@dgpo/retriever', '@dgpo/arc'];
const exampleTimeout = 120_000;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    'ignore-scripts': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const packages = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group))
    .filter((name) => existsSync(join(root, group, name, 'package.json')))
    .map((name) => ({
      name,
      folder: join(root, group, name),
      manifest: readJson(join(root, group, name, 'package.json')),
    })),
);
const chosen =
  flags.only === undefined ? packages : packages.filter(({ name }) => flags.only.split(',').includes(name));

const problems = [];
const report = (ok, text, detail = '') => {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${text}`);
  if (ok) return;
  problems.push(text);
  if (detail !== '') console.log(detail.trimEnd().replace(/^/gm, '     '));
};

/** Runs a command; its output and whether it ended well. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', shell: process.platform === 'win32', ...options });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  return { ok: result.status === 0, output, stdout: result.stdout ?? '' };
}

/** Runs a step that all the others need. */
function must(text, command, args, options) {
  const result = run(command, args, options);
  report(result.ok, text, result.output);
  if (!result.ok) throw new Error(text);
  return result.stdout;
}

const project = mkdtempSync(join(tmpdir(), 'dgpo-pack-check-'));
// Settings of the repository (npm run sets them in the environment) are not those of a stranger.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(local_prefix|workspaces?|ignore_scripts)|package_|lifecycle_)/.test(name),
  ),
);

function packAndInstall() {
  const tarballs = join(project, 'tarballs');
  mkdirSync(tarballs);
  for (const { folder, name } of packages) {
    if (!existsSync(join(folder, 'dist'))) throw new Error(`${name} is not built: run npm run build first`);
  }
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', tarballs];
  const packed = must(
    `pack ${packages.length} packages`,
    'npm',
    [...args, ...packages.flatMap(({ manifest }) => ['-w', manifest.name])],
    { cwd: root, env: environment },
  );
  const list = Object.values(JSON.parse(packed));
  const dependencies = Object.fromEntries(list.map(({ name, filename }) => [name, `file:tarballs/${filename}`]));
  const manifest = { name: 'empty-project', private: true, type: 'module', dependencies };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  const scripts = flags['ignore-scripts'] ? ['--ignore-scripts'] : [];
  must('install the tarballs', 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...scripts], {
    cwd: project,
    env: environment,
  });
  for (const { name, filename, files } of list) {
    const leaked = files.map(({ path }) => path).filter((path) => /\.test\.|__fixtures__|tsconfig|\.turbo/.test(path));
    report(leaked.length === 0, `${filename}: no tests or settings inside`, leaked.join('\n'));
    report(
      files.some(({ path }) => path === 'README.md'),
      `${name}: README.md inside`,
    );
  }
  return Object.fromEntries(list.map(({ name, filename }) => [name, join(tarballs, filename)]));
}

function checkTree() {
  const copies = installedCopies(join(project, 'node_modules'), '@tensorflow/tfjs-core');
  report(copies.length === 1, 'one @tensorflow/tfjs-core in the tree', copies.join('\n'));
  for (const name of withoutTensorFlow) {
    const closure = dependencyClosure(join(project, 'node_modules'), name);
    const found = closure.filter((dependency) => dependency.startsWith('@tensorflow/'));
    report(found.length === 0, `${name} comes without TensorFlow.js (${closure.length} packages)`, found.join('\n'));
  }
}

/** Writes each example and one file that imports every entry point, and type-checks them as a strict project would. */
function typeCheck() {
  const source = join(project, 'src');
  mkdirSync(source);
  const entries = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {})
      .filter((key) => key !== './package.json' && key !== './cli')
      .map((key) => manifest.name + key.slice(1)),
  );
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}';`);
  const uses = `console.log([${entries.map((_, index) => `entry${index}`).join(', ')}].length);`;
  writeFileSync(join(source, 'entries.ts'), `${imports.join('\n')}\n${uses}\n`);
  const examples = [];
  for (const { name, folder, manifest } of chosen) {
    const readme = join(folder, 'README.md');
    const example = existsSync(readme) ? firstExample(readFileSync(readme, 'utf8')) : undefined;
    report(example !== undefined, `${manifest.name}: README.md has a \`ts\` example`);
    if (example === undefined) continue;
    const file = join(source, `${name}.ts`);
    writeFileSync(file, example);
    examples.push({ name: manifest.name, file });
  }
  const compilerOptions = {
    strict: true,
    target: 'ES2022',
    module: 'NodeNext',
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const result = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    cwd: project,
  });
  report(result.ok, `type-check ${entries.length} entry points and ${examples.length} examples`, result.output);
  return [...examples, { name: 'every entry point', file: join(source, 'entries.ts') }];
}

function runExamples(examples) {
  const loader = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
  for (const { name, file } of examples) {
    const result = run(process.execPath, ['--import', loader, file], {
      cwd: project,
      timeout: exampleTimeout,
      env: environment,
    });
    report(result.ok && result.stdout.trim() !== '', `run the example of ${name}`, result.output);
  }
}

function runBins() {
  for (const { manifest } of chosen) {
    for (const bin of Object.keys(manifest.bin ?? {})) {
      const path = join(project, 'node_modules', '.bin', bin);
      const result = run(path, ['--help'], { cwd: project, timeout: exampleTimeout, env: environment });
      report(result.ok && result.stdout.trim() !== '', `${bin} --help`, result.output);
    }
  }
}

try {
  const tarballs = packAndInstall();
  checkTree();
  runExamples(typeCheck());
  runBins();
  if (chosen.some(({ name }) => name === 'retriever')) {
    const problem = await serveCorpus({ project, environment });
    report(problem === undefined, 'dgpo-retriever index and serve answer a request', problem);
  }
  if (chosen.some(({ name }) => name === 'arc')) {
    const own = Object.fromEntries(['@dgpo/arc', '@dgpo/trajectory'].map((name) => [name, tarballs[name]]));
    for (const { text, ok, output } of scoreSamples({ tarballs: own, environment })) report(ok, text, output);
  }
} catch (error) {
  problems.push(error.message);
  console.log(`FAIL ${error.message}`);
} finally {
  if (flags.keep) console.log(`left in ${project}`);
  else rmSync(project, { recursive: true, force: true });
}
console.log(problems.length === 0 ? 'pack-check: all good' : `pack-check: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
