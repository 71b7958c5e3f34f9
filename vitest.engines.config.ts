import { defineConfig } from 'vitest/config';
import { project } from './vitest.config.js';

// The conformance suite, once for each engine and in a process of its own: all four, or those named in DGPO_ENGINES. One that is
// not installed fails: docs/engines.md says how to install it.
const engines = (process.env.DGPO_ENGINES || 'tensorflow,webgpu,wasm,cpu').split(',').map((name) => name.trim());

const { test, ...rest } = project('packages/lm');

export default defineConfig({
  test: {
    projects: engines.map((engine) => ({
      ...rest,
      test: {
        ...test,
        name: engine,
        include: ['src/engine/conformance.test.ts'],
        env: { DGPO_ENGINES: engine },
      },
    })),
  },
});
