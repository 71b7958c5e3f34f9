import { defineConfig } from 'vitest/config';
import { project } from './vitest.config.js';

// The built page in a headless Chromium (DGPO_CHROMIUM, by default /usr/bin/chromium) against `dgpo-eval serve`.
const { test, ...rest } = project('apps/evaluator');

export default defineConfig({
  test: {
    projects: [
      { ...rest, test: { ...test, name: 'viewer', include: ['viewer/test/**/*.test.ts'], testTimeout: 180_000 } },
    ],
  },
});
