import * as tf from '@tensorflow/tfjs-core';

export interface OpTime {
  /** Name of the kernel in TensorFlow.js. */
  kernel: string;
  calls: number;
  seconds: number;
}

/**
 * Time inside each kernel of the wasm backend while something runs, longest first. Its kernels run to their end before they return, so
 * a clock around each call is exact.
 */
export async function opProfile(run: () => Promise<unknown>): Promise<{ seconds: number; kernels: OpTime[] }> {
  const kernels = tf.getKernelsForBackend('wasm');
  const times = new Map<string, OpTime>();
  const replace = (config: tf.KernelConfig) => {
    tf.unregisterKernel(config.kernelName, config.backendName);
    tf.registerKernel(config);
  };
  for (const config of kernels) {
    const { kernelName: kernel, kernelFunc } = config;
    const timed: tf.KernelFunc = (inputs) => {
      const start = performance.now();
      const result = kernelFunc(inputs);
      const time = times.get(kernel) ?? { kernel, calls: 0, seconds: 0 };
      time.calls += 1;
      time.seconds += (performance.now() - start) / 1000;
      times.set(kernel, time);
      return result;
    };
    // Names and backend stay the same, and no set-up is run again.
    replace({ kernelName: kernel, backendName: config.backendName, kernelFunc: timed });
  }
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1000;
  for (const { kernelName, backendName, kernelFunc } of kernels) replace({ kernelName, backendName, kernelFunc });
  return { seconds, kernels: [...times.values()].sort((a, b) => b.seconds - a.seconds) };
}
