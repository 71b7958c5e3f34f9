import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page of `dgpo-eval serve`: one script and one style sheet that a strict content security policy lets through. */
export default defineConfig({
  root: here('.'),
  // Relative, so that the page works below any path.
  base: './',
  plugins: [solid()],
  resolve: { conditions: ['@dgpo/source', 'module', 'browser', 'import', 'default'] },
  build: {
    outDir: here('../dist/viewer'),
    emptyOutDir: true,
    target: 'es2022',
    // A polyfill would be an inline script.
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Parts of @dgpo/arc that the page does not use read files; they are shaken out.
    rolldownOptions: { external: /^node:/ },
  },
});
