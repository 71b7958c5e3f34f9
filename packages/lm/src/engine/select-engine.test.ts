import { createRequire } from 'node:module';
import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { selectEngine } from './select-engine.js';

describe('selectEngine', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('an unknown name is a ConfigError that lists the names', async () => {
    vi.stubEnv('DGPO_ENGINE', 'nonsense');
    const failure = await selectEngine().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toBe('unknown engine "nonsense"; choose auto, tensorflow, webgpu, wasm, cpu');
  });

  test('the option wins over DGPO_ENGINE, and DGPO_ENGINE over the default', async () => {
    vi.stubEnv('DGPO_ENGINE', 'nonsense');
    expect((await selectEngine({ engine: 'cpu' })).name).toBe('cpu');
    vi.stubEnv('DGPO_ENGINE', 'cpu');
    expect(await selectEngine()).toEqual({ name: 'cpu', reason: 'plain JavaScript, as asked', fused: false });
    expect(tf.getBackend()).toBe('cpu');
  });

  test('an empty DGPO_ENGINE is as good as none', async () => {
    vi.stubEnv('DGPO_ENGINE', '');
    expect((await selectEngine()).reason).toContain('the first that is available');
  });

  test('wasm runs our kernels and leaves the error handling of the process alone', async () => {
    const listeners = () => ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event));
    const before = listeners();
    expect(await selectEngine({ engine: 'wasm', blas: 'off' })).toEqual({
      name: 'wasm',
      reason: 'WebAssembly, as asked',
      fused: true,
    });
    expect(tf.getBackend()).toBe('wasm');
    expect(listeners()).toEqual(before);
  });

  test('a BLAS library is the affair of wasm: DGPO_BLAS names one, and the option wins', async () => {
    vi.stubEnv('DGPO_BLAS', '/absent.so');
    const failure = await selectEngine({ engine: 'wasm' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toContain('/absent.so');
    expect((await selectEngine({ engine: 'wasm', blas: 'off' })).blas).toBeUndefined();
    expect((await selectEngine({ engine: 'cpu' })).blas).toBeUndefined();
    vi.stubEnv('DGPO_BLAS', '');
    expect((await selectEngine({ engine: 'wasm' })).blas).toBeUndefined();
  });

  test('an engine that cannot start says what to install', async () => {
    vi.doMock('webgpu', () => ({ create: undefined }));
    const failure = await selectEngine({ engine: 'webgpu' }).catch((error: unknown) => error);
    vi.doUnmock('webgpu');
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toContain('install webgpu and @tensorflow/tfjs-backend-webgpu');
  });

  describe('where webgpu is installed', () => {
    /** The module anew, with a Dawn that finds this adapter and without the native engine. */
    async function withAdapter(adapter: object | null) {
      const require = createRequire(import.meta.url);
      const resolve = (name: string) => {
        if (name === 'webgpu') return name;
        if (name.startsWith('@tensorflow/tfjs-node'))
          throw Object.assign(new Error(name), { code: 'MODULE_NOT_FOUND' });
        return require.resolve(name);
      };
      vi.resetModules();
      vi.doMock('node:module', () => ({
        createRequire: () => Object.assign((name: string) => require(name), { resolve }),
      }));
      vi.doMock('webgpu', () => ({ create: () => ({ requestAdapter: async () => adapter }), globals: {} }));
      return (await import('./select-engine.js')).selectEngine;
    }

    afterEach(() => {
      vi.doUnmock('node:module');
      vi.doUnmock('webgpu');
      vi.resetModules();
    });

    test('without a driver it says so', async () => {
      const select = await withAdapter(null);
      const failure = await select({ engine: 'webgpu' }).catch((error: unknown) => error);
      expect((failure as Error).message).toMatch(
        /^the engine "webgpu" cannot start \(no GPU driver \(Vulkan, Metal, D3D12\) was found\): install webgpu/,
      );
    });

    test.each(['SwiftShader driver 5.0.0', 'llvmpipe (LLVM 15.0.6, 256 bits)'])(
      'a driver that computes on the processor (%s) is not chosen unasked',
      async (description) => {
        const select = await withAdapter({ info: { vendor: '', architecture: '', description } });
        expect((await select({ engine: 'auto' })).name).toBe('wasm');
      },
    );
  });
});
