import { defineConfig } from 'vitest/config';
import { project } from './vitest.config.js';

// The conformance suite, once for each engine and in a process of its own: all four and wasm with a native BLAS, or those named in
// DGPO_ENGINES. One that is not installed fails: docs/engines.md says how to install it.
const engines = (process.env.DGPO_ENGINES || 'tensorflow,webgpu,wasm,wasm+blas,cpu')
  .split(',')
  .map((name) => name.trim());

// With a BLAS also what computes with matrices on wasm.
const onBlas = ['src/engine/conformance.test.ts', 'src/ops/*.test.ts', 'src/{model,sampling}/*.test.ts'];

const { test, ...rest } = project('packages/lm');

export default defineConfig({
  test: {
    projects: engines.map((engine) => ({
      ...rest,
      test: {
        ...test,
        name: engine,
        include: engine === 'wasm+blas' ? onBlas : ['src/engine/conformance.test.ts'],
        env: { DGPO_ENGINES: engine, DGPO_BLAS: engine === 'wasm+blas' ? 'auto' : 'off' },
      },
    })),
  },
});
