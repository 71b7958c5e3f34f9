import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the shipped models, beside `src` or `dist`. */
export const assetsDirectory = fileURLToPath(
  new URL('../assets', import.meta.url).href.replace('/src/assets', '/assets'),
);

/** The folder of a shipped model, `demo/student` or `demo/teacher`: both know the atlas world of seed 0. */
export function shippedModel(name: string): string | undefined {
  const model = /^demo\/(student|teacher)$/.exec(name)?.[1];
  return model === undefined ? undefined : join(assetsDirectory, model);
}
