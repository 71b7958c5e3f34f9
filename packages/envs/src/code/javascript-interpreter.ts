import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeInterpreter, CodeLimits } from './code-interpreter.js';
import { findPackage, readLimits, startInterpreter } from './interpreter.js';

/**
 * JavaScript (QuickJS) in a process of its own, with the same interface and limits as Python.
 * @throws ConfigError for options out of range or without the package `quickjs-emscripten`, EnvironmentError when it does not start
 */
export async function createJavaScriptInterpreter(options: CodeLimits = {}): Promise<CodeInterpreter> {
  return startJavaScript(options);
}

/** As {@link createJavaScriptInterpreter}, with what tests look at. */
export async function startJavaScript(options: CodeLimits = {}) {
  const folder = findPackage('quickjs-emscripten', '0.32');
  // Its parts lie beside it or below it, as the package manager likes.
  const find = (name: string, from: string) => dirname(createRequire(join(from, 'index.js')).resolve(name));
  const core = find('quickjs-emscripten-core', folder);
  const variant = find('@jitl/quickjs-wasmfile-release-sync', folder);
  const types = find('@jitl/quickjs-ffi-types', core);
  return startInterpreter({
    language: 'javascript',
    script: 'javascript.mjs',
    readable: [core, variant, types].map((path) => join(dirname(path), '*')),
    limits: readLimits(options),
    setup: {
      coreUrl: pathToFileURL(join(core, 'index.mjs')).href,
      variantUrl: pathToFileURL(join(variant, 'index.mjs')).href,
      wasmPath: join(variant, 'emscripten-module.wasm'),
    },
  });
}
