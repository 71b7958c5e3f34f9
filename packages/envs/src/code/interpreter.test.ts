import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { childDirectory } from './child-process.js';
import { findPackage, readLimits } from './interpreter.js';

test('a package that is not installed is named, with how to add it', () => {
  expect(() => findPackage('no-such-interpreter', '1')).toThrow(ConfigError);
  expect(() => findPackage('no-such-interpreter', '1')).toThrow('npm install no-such-interpreter@1');
  expect(existsSync(join(findPackage('pyodide', '314'), 'pyodide.mjs'))).toBe(true);
});

test('limits have defaults, and bounds', () => {
  expect(readLimits({ memory: 128 })).toEqual({
    timeout: 30_000,
    toolTimeout: 60_000,
    maxOperations: 100_000_000,
    memory: 128,
    maxOutput: 50_000,
    maxValue: 20_000,
  });
  for (const wrong of [
    { timeout: 1.5 },
    { memory: 63 },
    { memory: 4096 },
    { maxValue: 1_000_000 },
    { maxOperations: -1 },
  ]) {
    expect(() => readLimits(wrong)).toThrow(Object.keys(wrong)[0]);
  }
});

test('the programs of the processes are files of the package', () => {
  for (const name of ['python.mjs', 'python-driver.py', 'javascript.mjs', 'javascript-driver.js', 'border.mjs']) {
    expect(existsSync(join(childDirectory, name))).toBe(true);
  }
});
