import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { indexSettingsSchema } from '../index-settings.js';

export const manifestName = 'manifest.json';
const formatVersion = 2;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.object({
  formatVersion: z.literal(formatVersion),
  kind: z.enum(['bm25', 'flat', 'hnsw', 'lancedb', 'qdrant', 'hybrid']),
  settings: indexSettingsSchema,
  /** Over the corpus and the settings, see `IndexedRetriever.fingerprint`. */
  fingerprint: sha256Schema,
  corpus: z.object({ documents: z.number().int().positive(), fingerprint: sha256Schema }),
  /** Every other file at the top of the directory. The pattern keeps a hostile manifest from naming files elsewhere. */
  files: z.record(
    z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/),
    z.object({ bytes: z.number().int().nonnegative(), sha256: sha256Schema }),
  ),
});

/** What lies in an index directory; stored as `manifest.json`. */
export type IndexManifest = z.infer<typeof manifestSchema>;

/** An index is checked in full at every opening up to this size; reading more would delay the start by seconds. */
const checkedBytes = 1 << 30;

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

export const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/** Where the index that stood at a directory waits while a new one takes its place. */
export const previousOf = (directory: string) => `${resolve(directory)}.previous`;

/** Puts the former index back when a replacement was cut off between its two renames. */
export async function restorePrevious(directory: string): Promise<void> {
  const standing = await stat(directory).catch(() => undefined);
  if (standing === undefined) await rename(previousOf(directory), directory).catch(() => undefined);
}

async function readManifest(directory: string): Promise<IndexManifest> {
  let text: string;
  try {
    await restorePrevious(directory);
    text = await readFile(join(directory, manifestName), 'utf8');
  } catch (cause) {
    throw new RetrieverError(
      `there is no index here (no ${manifestName}); build one with: dgpo-retriever index CORPUS --out ${directory}`,
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
  if (typeof version === 'number' && version !== formatVersion) {
    throw new RetrieverError(
      `format version ${version} is not known here (only ${formatVersion}); build the index anew`,
      { where },
    );
  }
  const manifest = manifestSchema.safeParse(value);
  if (!manifest.success) {
    const [issue] = manifest.error.issues;
    throw new RetrieverError(
      `the manifest is damaged (${issue?.path.join('.')}: ${issue?.message}); build the index anew`,
      { where, cause: manifest.error },
    );
  }
  return manifest.data;
}

/**
 * Reads the manifest of an index directory and checks the size of every file against it, and every SHA-256 of an index up to
 * 1 GiB or when `verify` is set.
 * @throws RetrieverError when there is no index, it is of another format version, or a file is missing or damaged.
 */
export async function readIndexDirectory({
  directory,
  verify,
}: {
  directory: string;
  /** @default true for an index up to 1 GiB */
  verify?: boolean;
}): Promise<IndexManifest> {
  const manifest = await readManifest(directory);
  const files = Object.entries(manifest.files);
  const total = files.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  for (const [name, expected] of files) {
    const path = join(directory, name);
    try {
      const { size } = await stat(path);
      if (size !== expected.bytes) {
        throw new RetrieverError(
          `the file is damaged: ${size} bytes instead of ${expected.bytes}; build the index anew`,
          { where: path },
        );
      }
      if ((verify ?? total <= checkedBytes) && (await hashFile(path)) !== expected.sha256) {
        throw new RetrieverError("the file is damaged: its SHA-256 differs from the manifest's; build the index anew", {
          where: path,
        });
      }
    } catch (cause) {
      if (cause instanceof RetrieverError) throw cause;
      throw new RetrieverError(`this file of the index cannot be read (${reasonOf(cause)}); build the index anew`, {
        where: path,
        cause,
      });
    }
  }
  return manifest;
}

/** The text of a manifest. */
export function encodeManifest(manifest: Omit<IndexManifest, 'formatVersion'>): string {
  return `${JSON.stringify({ formatVersion, ...manifest }, null, 2)}\n`;
}
