import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeLibrary } from './place-library.mjs';
import { extractEntry } from './unzip.mjs';
import { readZipDirectory } from './zip-directory.mjs';

const fields = (...parts) =>
  Buffer.concat(
    parts.map(([bytes, value]) => {
      const buffer = Buffer.alloc(bytes);
      if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
      else buffer.writeUIntLE(value, 0, bytes);
      return buffer;
    }),
  );

/** A zip file by hand: `files` maps names to contents; every second one is stored, the others are deflated. */
function zip(files, { zip64 = false, comment = '' } = {}) {
  const locals = [];
  const directory = [];
  let at = 0;
  Object.entries(files).forEach(([name, text], index) => {
    const content = Buffer.from(text);
    const method = index % 2 === 0 ? 8 : 0;
    const data = method === 8 ? deflateRawSync(content) : content;
    const sum = crc32(content);
    // The local extra field differs in length from the one in the directory, as the format allows.
    const header = fields(
      [4, 0x04034b50],
      [2, 20],
      [2, 0],
      [2, method],
      [4, 0],
      [4, sum],
      [4, data.length],
      [4, content.length],
      [2, name.length],
      [2, 5],
    );
    const local = Buffer.concat([header, Buffer.from(name), Buffer.alloc(5), data]);
    const wide = zip64 ? fields([2, 1], [2, 24], [8, content.length], [8, data.length], [8, at]) : Buffer.alloc(0);
    const narrow = (value) => (zip64 ? 0xffffffff : value);
    directory.push(
      Buffer.concat([
        fields([4, 0x02014b50], [2, 20], [2, 20], [2, 0], [2, method], [4, 0], [4, sum]),
        fields([4, narrow(data.length)], [4, narrow(content.length)], [2, name.length], [2, wide.length], [2, 0]),
        fields([2, 0], [2, 0], [4, 0], [4, narrow(at)]),
        Buffer.from(name),
        wide,
      ]),
    );
    locals.push(local);
    at += local.length;
  });
  const count = locals.length;
  const entries = Buffer.concat(directory);
  const end64 = fields(
    [4, 0x06064b50],
    [8, 44],
    [2, 45],
    [2, 45],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, entries.length],
    [8, at],
  );
  const locator = fields([4, 0x07064b50], [4, 0], [8, at + entries.length], [4, 1]);
  const end = zip64
    ? fields([4, 0x06054b50], [4, 0], [2, 0xffff], [2, 0xffff], [4, 0xffffffff], [4, 0xffffffff], [2, comment.length])
    : fields([4, 0x06054b50], [4, 0], [2, count], [2, count], [4, entries.length], [4, at], [2, comment.length]);
  return Buffer.concat([...locals, entries, ...(zip64 ? [end64, locator] : []), end, Buffer.from(comment)]);
}

const files = { 'a.txt': 'a'.repeat(5000), 'folder/b.txt': 'stored as it is', 'empty.txt': '', 'also-empty': '' };
let folder;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unzip-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function unzip(bytes) {
  const path = join(folder, 'test.zip');
  await writeFile(path, bytes);
  const file = await open(path);
  try {
    const contents = {};
    for (const entry of await readZipDirectory(file)) {
      const target = join(folder, 'out', entry.name);
      await extractEntry({ file, entry, target });
      contents[entry.name] = await readFile(target, 'utf8');
    }
    return contents;
  } finally {
    await file.close();
  }
}

describe('zip files', () => {
  test.each([{}, { zip64: true }, { comment: 'a comment' }, { zip64: true, comment: 'PK' }])('%o', async (options) => {
    expect(await unzip(zip(files, options))).toEqual(files);
  });

  test('a file that is cut anywhere is damaged', async () => {
    const bytes = zip(files);
    for (let length = 0; length < bytes.length; length += 13) {
      await expect(unzip(bytes.subarray(0, length))).rejects.toThrow(/the wheel is damaged/);
    }
  });

  test('a change of any byte of the contents is found', async () => {
    const bytes = zip({ 'a.txt': 'some text of a few words, some text', 'b.txt': 'stored' });
    const start = bytes.indexOf('a.txt') + 10;
    for (let at = start; at < start + 20; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 0x10;
      await expect(unzip(changed)).rejects.toThrow(/the wheel is damaged/);
    }
  });

  test('sizes, counts and offsets beyond the file are refused, and an unknown compression is named', async () => {
    const bytes = zip({ 'a.txt': 'text' });
    const directory = bytes.indexOf('PK\u0001\u0002');
    const end = bytes.indexOf('PK\u0005\u0006');
    for (const at of [directory + 20, directory + 24, directory + 42, end + 12, end + 16]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt32LE(0x7fffffff, at);
      await expect(unzip(changed)).rejects.toThrow(/the wheel is damaged/);
    }
    const counted = Buffer.from(bytes);
    counted.writeUInt16LE(7, end + 10);
    await expect(unzip(counted)).rejects.toThrow(/its directory is cut/);
    const packed = Buffer.from(bytes);
    packed.writeUInt16LE(93, directory + 10);
    await expect(unzip(packed)).rejects.toThrow(/a compression that is not known here \(93\)/);
  });
});

describe('placeLibrary', () => {
  const wheel = {
    'tensorflow/libtensorflow_cc.so.2': 'library',
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    'tensorflow/include/tensorflow/c/c_api.h': 'header',
    'tensorflow/include/tensorflow/c/../../../../../escaped.h': 'no',
    'tensorflow/python/ops.py': 'no',
  };

  test('unpacks library and headers, with the names that the linker is told, and nothing else', async () => {
    const path = join(folder, 'good.whl');
    await writeFile(path, zip(wheel));
    const packageFolder = join(folder, 'package');
    await placeLibrary({ wheelPath: path, packageFolder });
    const text = (name) => readFile(join(packageFolder, 'deps', name), 'utf8').catch(() => undefined);
    expect(await text('lib/libtensorflow.so')).toBe('library');
    expect(await text('lib/libtensorflow_cc.so.2')).toBe('library');
    expect(await text('lib/libtensorflow_framework.so')).toBe('framework');
    expect(await text('include/tensorflow/c/c_api.h')).toBe('header');
    expect(await text('../../escaped.h')).toBeUndefined();
    expect(await text('../deps.partial/lib/libtensorflow.so')).toBeUndefined();
  });

  test('a wheel without the C library leaves what was there', async () => {
    const path = join(folder, 'pure.whl');
    await writeFile(path, zip({ 'tensorflow/__init__.py': '' }));
    const packageFolder = join(folder, 'package');
    await expect(placeLibrary({ wheelPath: path, packageFolder })).rejects.toThrow(
      /holds no tensorflow\/libtensorflow_cc/,
    );
    expect(await readFile(join(packageFolder, 'deps/lib/libtensorflow.so'), 'utf8')).toBe('library');
  });
});
