// Compiles packages/lm/assembly (AssemblyScript) into packages/lm/src/wasm/wasm-module.ts.
// `--check` changes nothing and fails when the committed file is not what the sources give.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../../packages/lm/', import.meta.url));
const target = join(root, 'src/wasm/wasm-module.ts');
const folder = mkdtempSync(join(tmpdir(), 'dgpo-kernels-'));
const binary = join(folder, 'kernels.wasm');
try {
  const { error, stderr } = await asc.main([
    join(root, 'assembly/index.ts'),
    '--outFile',
    binary,
    '--runtime',
    'stub',
    // The memory is that of the TensorFlow.js backend; the limits are the widest, so that any memory fits.
    '--importMemory',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '65536',
    '--noAssert',
    '--enable',
    'simd',
    '-O3',
  ]);
  if (error !== null) throw new Error(stderr.toString());
  const base64 = readFileSync(binary).toString('base64');
  const lines = base64.match(/.{1,100}/g) ?? [];
  const text = `// Generated from packages/lm/assembly by "npm run build:wasm -w @dgpo/lm"; do not edit.

/** The compiled kernels, base64. */
export const wasmModule = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== text) {
      console.error('packages/lm/src/wasm/wasm-module.ts is out of date: run "npm run build:wasm -w @dgpo/lm"');
      process.exitCode = 1;
    }
  } else {
    writeFileSync(target, text);
    console.log(`${target}: ${readFileSync(binary).length} bytes of WebAssembly`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
