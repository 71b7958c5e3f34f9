import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDgpoError, RetrieverError, writeJsonLines } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Document } from '../retriever.js';

const manifestName = 'manifest.json';
export const corpusName = 'corpus.jsonl';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.object({
  formatVersion: z.literal(1),
  kind: z.enum(['bm25', 'flat', 'hnsw', 'lancedb', 'qdrant', 'hybrid']),
  settings: z.record(z.string(), z.unknown()),
  /** Over the corpus and the settings, see `IndexedRetriever.fingerprint`. */
  fingerprint: sha256Schema,
  corpus: z.object({ documents: z.number().int().positive(), fingerprint: sha256Schema }),
  /** Every other file of the directory. The pattern keeps a hostile manifest from naming files elsewhere. */
  files: z.record(
    z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/),
    z.object({ bytes: z.number().int().nonnegative(), sha256: sha256Schema }),
  ),
});

/** What lies in an index directory; stored as `manifest.json`. */
export type IndexManifest = z.infer<typeof manifestSchema>;

async function describeFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/** What stands at the target: nothing (or an empty directory), an index, or something that must not be replaced. */
async function inspectTarget(directory: string): Promise<'free' | 'index' | 'foreign'> {
  try {
    const names = await readdir(directory);
    if (names.length === 0) return 'free';
    return names.includes(manifestName) ? 'index' : 'foreign';
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    return code === 'ENOENT' ? 'free' : 'foreign';
  }
}

/**
 * Writes an index directory in one step as seen from outside: everything goes to a directory beside it that is renamed at the
 * end, so that an interrupted run leaves the old index or none, never half of one.
 * @throws RetrieverError when the directory holds something other than an index, or cannot be written.
 */
export async function writeIndexDirectory({
  directory,
  documents,
  corpusFingerprint,
  writeFiles,
  ...manifest
}: Pick<IndexManifest, 'kind' | 'settings' | 'fingerprint'> & {
  directory: string;
  documents: readonly Document[];
  corpusFingerprint: string;
  /** Writes the files of the index itself into the directory it is given. */
  writeFiles: (directory: string) => Promise<void>;
}): Promise<void> {
  const target = resolve(directory);
  const temporary = `${target}.writing-${process.pid}`;
  const replaced = `${target}.replaced-${process.pid}`;
  const standing = await inspectTarget(target);
  if (standing === 'foreign') {
    throw new RetrieverError('this exists and is not an index; choose another directory or remove it first', {
      where: directory,
    });
  }
  try {
    await mkdir(dirname(target), { recursive: true });
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    const records = documents.map(({ id, contents }) => ({ id, contents }));
    await writeJsonLines(join(temporary, corpusName), records);
    await writeFiles(temporary);
    const files: IndexManifest['files'] = {};
    for (const name of (await readdir(temporary)).sort()) files[name] = await describeFile(join(temporary, name));
    const complete: IndexManifest = {
      formatVersion: 1,
      ...manifest,
      corpus: { documents: documents.length, fingerprint: corpusFingerprint },
      files,
    };
    await writeFile(join(temporary, manifestName), `${JSON.stringify(complete, null, 2)}\n`);
    if (standing === 'index') await rename(target, replaced);
    try {
      await rename(temporary, target);
    } catch (cause) {
      if (standing === 'index') await rename(replaced, target);
      throw cause;
    }
    await rm(replaced, { recursive: true, force: true });
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    if (isDgpoError(cause)) throw cause;
    throw new RetrieverError(`the index cannot be written (${reasonOf(cause)})`, { where: directory, cause });
  }
}

/**
 * Reads the manifest of an index directory and checks every file against its SHA-256.
 * @throws RetrieverError when there is no index, it is of another format version, or a file is missing or damaged.
 */
export async function readIndexDirectory(directory: string): Promise<IndexManifest> {
  let text: string;
  try {
    text = await readFile(join(directory, manifestName), 'utf8');
  } catch (cause) {
    throw new RetrieverError(
      `there is no index here (no ${manifestName}); build one with: dgpo-retriever index FILE --out ${directory}`,
      { where: directory, cause },
    );
  }
  const where = join(directory, manifestName);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RetrieverError('the manifest is damaged (not JSON); build the index anew', { where, cause });
  }
  const version = (value as { formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version === 'number' && version !== 1) {
    throw new RetrieverError(`format version ${version} is not known here (only 1); build the index anew`, { where });
  }
  const manifest = manifestSchema.safeParse(value);
  if (!manifest.success) {
    const [issue] = manifest.error.issues;
    throw new RetrieverError(
      `the manifest is damaged (${issue?.path.join('.')}: ${issue?.message}); build the index anew`,
      { where, cause: manifest.error },
    );
  }
  if (manifest.data.files[corpusName] === undefined) {
    throw new RetrieverError(`the manifest does not list ${corpusName}; build the index anew`, { where });
  }
  for (const [name, expected] of Object.entries(manifest.data.files)) {
    const path = join(directory, name);
    let found: { bytes: number; sha256: string };
    try {
      found = await describeFile(path);
    } catch (cause) {
      throw new RetrieverError(`this file of the index cannot be read (${reasonOf(cause)}); build the index anew`, {
        where: path,
        cause,
      });
    }
    if (found.bytes !== expected.bytes || found.sha256 !== expected.sha256) {
      const size = found.bytes === expected.bytes ? 'same size' : `${found.bytes} bytes instead of ${expected.bytes}`;
      throw new RetrieverError(`the file is damaged: its SHA-256 differs from the manifest's (${size})`, {
        where: path,
      });
    }
  }
  return manifest.data;
}
