import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The source condition lets tests run against the packages' TypeScript: no build is needed first.
const conditions = ['@dgpo/source', 'module', 'node', 'import', 'default'];

export const project = (root: string) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: root,
    root: `./${root}`,
    environment: 'node' as const,
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'viewer/src/**/*.test.ts', '*/*.test.mjs'],
    testTimeout: 60_000,
    exclude: ['**/node_modules/**', 'test/nightly/**'],
    setupFiles: [fileURLToPath(new URL('tools/property-seed/property-seed.mjs', import.meta.url))],
    pool: 'forks' as const,
  },
});

export default defineConfig({
  test: {
    // By default one core is left idle, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      'packages/trajectory',
      'packages/lm',
      'packages/retriever',
      'packages/envs',
      'packages/rl',
      'packages/distill',
      'packages/arc',
      'apps/trainer',
      'apps/evaluator',
      'tools',
    ].map(project),
  },
});
