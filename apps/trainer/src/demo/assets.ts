import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the shipped models, beside `src` or `dist`. */
export const assetsDirectory = fileURLToPath(
  new URL('../assets', import.meta.url).href.replace('/src/assets', '/assets'),
);

const folders: Readonly<Record<string, string>> = {
  'demo/student': 'student',
  'demo/teacher': 'teacher',
  'demo/code-student': 'code-student',
  'demo/code-teacher': 'code-teacher',
  'demo/household': 'household-base',
  'demo/webshop': 'webshop-base',
};

/**
 * The folder of a shipped model: `demo/student` and `demo/teacher` know the atlas world of seed 0, `demo/code-student` and
 * `demo/code-teacher` its numbers too; `demo/household` and `demo/webshop` play the small rooms and shops of these worlds.
 */
export function shippedModel(name: string): string | undefined {
  const folder = Object.hasOwn(folders, name) ? folders[name] : undefined;
  return folder === undefined ? undefined : join(assetsDirectory, folder);
}
