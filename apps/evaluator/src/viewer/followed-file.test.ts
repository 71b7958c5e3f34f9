import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followLines } from './follow-lines.js';
import { followValue } from './follow-value.js';
import type { FollowedFile } from './followed-file.js';
import { openServedFolder, type ServedFolder } from './served-folder.js';

let directory: string;
let failures: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-followed-'));
  failures = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A folder on a disk that fails as often as `failures` says. */
function failingFolder(): ServedFolder {
  const folder = openServedFolder(directory);
  return {
    ...folder,
    open: (path) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('the disk is away')) : folder.open(path);
    },
  };
}

const file = () => join(directory, 'file');

/** What one look of the workspace does. */
async function look(followed: FollowedFile): Promise<void> {
  followed.notice(statSync(file()));
  while (followed.isPending) await followed.advance();
}

describe('lines', () => {
  const follow = () => {
    const values: unknown[] = [];
    const accept = (value: unknown) => {
      if (value === 13) throw new Error('thirteen');
      values.push(value);
      return undefined;
    };
    const reset = () => values.splice(0);
    return { values, followed: followLines({ folder: failingFolder(), path: 'file', accept, reset }) };
  };

  test('that cannot be read now are read at a later look, and nothing is lost', async () => {
    const { values, followed } = follow();
    writeFileSync(file(), '1\n2\n');
    await look(followed);
    appendFileSync(file(), '3\n');
    failures = 2;
    await look(followed);
    const { version } = followed;
    await look(followed);
    expect(values).toEqual([1, 2]);
    expect([followed.problems, followed.problemCount]).toEqual([[{ line: null, reason: 'the disk is away' }], 1]);
    expect([followed.bytesRead, followed.bytesTotal]).toEqual([4, 6]);
    // The same failure again is no news.
    expect(followed.version).toBe(version);
    await look(followed);
    expect(values).toEqual([1, 2, 3]);
    expect([followed.problemCount, followed.bytesRead]).toEqual([0, 6]);
    expect(followed.version).not.toBe(version);
  });

  test('that cannot be taken are a problem of their own', async () => {
    const { values, followed } = follow();
    writeFileSync(file(), '1\n13\n2\n');
    await look(followed);
    expect(values).toEqual([1, 2]);
    expect(followed.problems).toEqual([{ line: 2, reason: 'thirteen' }]);
  });
});

describe('a value', () => {
  test('that cannot be read now is read at a later look', async () => {
    let taken: unknown;
    const followed = followValue({
      folder: failingFolder(),
      path: 'file',
      accept: (value) => {
        taken = value;
        return undefined;
      },
      reset: () => {
        taken = undefined;
      },
    });
    writeFileSync(file(), '\uFEFF7');
    failures = 2;
    await look(followed);
    const { version } = followed;
    await look(followed);
    expect([taken, followed.version]).toEqual([undefined, version]);
    expect(followed.problems).toEqual([{ line: null, reason: 'the disk is away' }]);
    await look(followed);
    expect([taken, followed.problemCount]).toEqual([7, 0]);
  });
});
