import { defineConfig, type Options } from 'tsup';

/** One build configuration for every package: ESM, types, source maps, dependencies left external. */
export const shared = (options: Options) =>
  defineConfig({
    format: ['esm'],
    target: 'node20',
    dts: true,
    sourcemap: true,
    treeshake: true,
    clean: true,
    tsconfig: 'tsconfig.build.json',
    ...options,
  });
