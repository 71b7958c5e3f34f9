import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainPip } from './get-wheel.mjs';
import { readOptions } from './options.mjs';
import { tellingLine } from './run-command.mjs';
import { chooseWheel } from './wheels.mjs';

describe('readOptions', () => {
  test('the cache: --cache, else XDG_CACHE_HOME, else ~/.cache', () => {
    expect(readOptions(['--cache', 'here'], { XDG_CACHE_HOME: '/x' }).cache).toBe(resolve('here'));
    expect(readOptions([], { XDG_CACHE_HOME: '/x' }).cache).toBe(join('/x', 'dgpo'));
    expect(readOptions([], { XDG_CACHE_HOME: '' }).cache).toBe(join(homedir(), '.cache', 'dgpo'));
  });

  test.each([
    [['--gpus'], /^Unknown option '--gpus'; see --help$/],
    [['now'], /^Unexpected argument 'now'/],
    [['--cache='], /^--cache needs a value/],
    [['--sha256', '0'.repeat(64)], /^--sha256 goes with --wheel/],
    [['--wheel', 'a.whl', '--sha256', 'xyz'], /64 hexadecimal digits/],
  ])('%o is bad input', (args, message) => {
    expect(() => readOptions(args, {})).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

describe('chooseWheel', () => {
  const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' };

  test('takes the wheel of this processor and of the GPU, with a SHA-256', () => {
    const name = (gpu, arch) => chooseWheel({ gpu, machine: { ...linux, arch } }).file;
    expect(name(false, 'x64')).toBe('tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
    expect(name(true, 'x64')).toBe('tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
    expect(name(false, 'arm64')).toBe('tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl');
    expect(chooseWheel({ gpu: false, machine: linux }).sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    [{ ...linux, glibc: undefined }, false, /musl \(Alpine\)/],
    [{ ...linux, glibc: '2.17' }, false, /glibc 2\.27 or newer, here is 2\.17/],
    [{ ...linux, arch: 'arm64' }, true, /no wheel with CUDA for Linux on arm64: leave --gpu away/],
    [{ ...linux, arch: 'riscv64' }, false, /on riscv64: use the engine wasm/],
    [{ platform: 'win32', arch: 'x64' }, false, /Windows wheels hold no C library/],
    [{ platform: 'darwin', arch: 'arm64' }, false, /on macOS use @tensorflow\/tfjs-node with its own installer/],
    [{ platform: 'freebsd', arch: 'x64' }, false, /no wheel for freebsd/],
  ])('%o, gpu %o: says what is possible', (machine, gpu, message) => {
    expect(() => chooseWheel({ gpu, machine })).toThrow(message);
  });
});

describe('what other programs print becomes one line', () => {
  const wheel = chooseWheel({ gpu: false, machine: { platform: 'linux', arch: 'x64', glibc: '2.36' } });

  test.each([
    ['/usr/bin/python3: No module named pip', /^Python has no pip: install it/],
    [
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('…')'\nERROR: No matching distribution found",
      /^pip cannot reach its index/,
    ],
    [
      'ERROR: No matching distribution found for tensorflow-cpu==2.21.0',
      /^pip finds no tensorflow-cpu 2\.21\.0 for manylinux_2_27_x86_64/,
    ],
    [
      'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
      /gave another tensorflow_cpu-2\.21\.0/,
    ],
    ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', /^the disk is full/],
    ['Looking in indexes: x\nERROR: something new\n', /^pip failed: ERROR: something new$/],
  ])('%s', (printed, message) => {
    expect(explainPip(printed, wheel)).toMatch(message);
  });

  test('the first cause that a compiler or npm names, else the last error, else the last line', () => {
    expect(tellingLine('a.cc:1:2: error: no such type\nmake: *** [all] Error 1\n')).toBe(
      'a.cc:1:2: error: no such type',
    );
    expect(tellingLine('npm error code E404\nnpm error 404 Not Found\nnpm error A complete log is in x')).toBe(
      'npm error 404 Not Found',
    );
    expect(tellingLine('ERROR: first\nERROR: last\nhint')).toBe('ERROR: last');
    expect(tellingLine('one\n\ntwo\n')).toBe('two');
    expect(tellingLine('')).toBe('it printed nothing');
  });
});
