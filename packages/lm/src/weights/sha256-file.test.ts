import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { sha256File } from './sha256-file.js';

test('the known digests of the empty file, of "abc" and of a million times "a"', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dgpo-sha256-'));
  const path = join(directory, 'file');
  const digestOf = (content: string) => writeFile(path, content).then(() => sha256File(path));
  // FIPS 180-2, appendix B, and NIST's example of the empty message.
  expect(await digestOf('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(await digestOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(await digestOf('a'.repeat(1e6))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
  await rm(directory, { recursive: true });
  await expect(sha256File(path)).rejects.toThrow(ModelError);
});
