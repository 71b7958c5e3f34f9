import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '@dgpo/trajectory';
import type { CodeInterpreter, CodeLimits } from './code-interpreter.js';
import { findPackage, readLimits, startInterpreter } from './interpreter.js';

export interface PythonInterpreterOptions extends CodeLimits {
  /** Modules that code may import; they are loaded at the start. @default {@link defaultPythonImports} */
  imports?: readonly string[];
  /**
   * Files of wheels to install at the start, such as those of numpy or sympy for this version of pyodide; nothing is downloaded. List their
   * packages in `imports` too; the modules in them come with them. @default none
   */
  wheels?: readonly string[];
}

/** Of the standard library: arithmetic, text, dates and collections; nothing that reads or writes outside. */
export const defaultPythonImports: readonly string[] = [
  'bisect',
  'calendar',
  'cmath',
  'collections',
  'collections.abc',
  'copy',
  'dataclasses',
  'datetime',
  'decimal',
  'enum',
  'fractions',
  'functools',
  'heapq',
  'itertools',
  'json',
  'math',
  'numbers',
  'operator',
  'queue',
  'random',
  're',
  'stat',
  'statistics',
  'string',
  'textwrap',
  'time',
  'typing',
  'unicodedata',
];

/** That work here. */
const pyodideVersions = '314';

/** Longer numbers are not turned into text: Python's own limit, against work that grows with the square of the digits. */
const maxDigits = 4300;

/**
 * Python (pyodide) in a process of its own, without files, network, environment or JavaScript.
 * @throws ConfigError for options out of range or without the package `pyodide`, EnvironmentError when it does not start
 */
export async function createPythonInterpreter(options: PythonInterpreterOptions = {}): Promise<CodeInterpreter> {
  return startPython(options);
}

/** Fails at once where Python could not be started later. @throws ConfigError without the package `pyodide` */
export function checkPython(): void {
  findPackage('pyodide', pyodideVersions);
}

/** As {@link createPythonInterpreter}, with what tests look at. */
export async function startPython(options: PythonInterpreterOptions = {}) {
  const { imports = defaultPythonImports, wheels = [], ...limits } = options;
  const wrong = imports.find((name) => !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name));
  if (wrong !== undefined) throw new ConfigError(`"${wrong}" is no name of a module`, { where: 'imports' });
  const files = wheels.map((path) => resolve(path));
  const missing = files.find((path) => !existsSync(path));
  if (missing !== undefined) throw new ConfigError(`there is no file ${missing}`, { where: 'wheels' });
  const folder = findPackage('pyodide', pyodideVersions);
  return startInterpreter({
    language: 'python',
    script: 'python.mjs',
    readable: [join(folder, '*'), ...files],
    limits: readLimits(limits),
    setup: { pyodideUrl: pathToFileURL(join(folder, 'pyodide.mjs')).href, imports, wheels: files, maxDigits },
  });
}
