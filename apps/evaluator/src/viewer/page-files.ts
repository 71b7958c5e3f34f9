import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';

interface PageFile {
  contentType: string;
  /** Files whose name changes with their content are kept by the browser. */
  isImmutable: boolean;
  read(): Promise<Buffer>;
}

/** The files of the built page by the path of the request; undefined for everything else. */
type PageFiles = (path: string) => PageFile | undefined;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * Lists the built page once; only what is listed is served, so that no path of a request reaches the disk. Paths without an ending are
 * places in the page.
 *
 * @throws ConfigError where it was not built
 */
export function openPageFiles(directory: string): PageFiles {
  const files = new Map<string, PageFile>();
  const visit = (folder: string, path: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const real = join(folder, entry.name);
      const own = `${path}/${entry.name}`;
      const contentType = contentTypes[extname(entry.name)];
      if (entry.isDirectory()) visit(real, own);
      else if (entry.isFile() && contentType !== undefined) {
        files.set(own, { contentType, isImmutable: own.startsWith('/assets/'), read: () => readFile(real) });
      }
    }
  };
  try {
    visit(directory, '');
  } catch (cause) {
    throw notBuilt(directory, cause);
  }
  const index = files.get('/index.html');
  if (index === undefined) throw notBuilt(directory);
  return (path) => files.get(path) ?? (extname(path) === '' ? index : undefined);
}

const notBuilt = (directory: string, cause?: unknown) =>
  new ConfigError('the page of the viewer is not built; run npm run build:viewer -w @dgpo/evaluator', {
    where: directory,
    cause,
  });
