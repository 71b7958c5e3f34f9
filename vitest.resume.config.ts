import { defineConfig } from 'vitest/config';
import { project } from './vitest.config.js';

// The long proofs that a killed run ends with the bytes of an undisturbed one; a short one is among the ordinary tests.
const { test, ...rest } = project('apps/trainer');

export default defineConfig({
  test: {
    projects: [{ ...rest, test: { ...test, name: 'resume', include: ['test/nightly/*.test.ts'], exclude: [] } }],
  },
});
