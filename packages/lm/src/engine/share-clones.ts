import * as tf from '@tensorflow/tfjs-core';
import { input } from '../ops/fused-op.js';

let shared = false;

/**
 * Makes clones on the wasm backend share the memory of the original, as they do on the other backends. The stock kernel copies, and the
 * tape clones whatever a backward pass will read: every activation and, in each step, every weight.
 */
export function shareClones(): void {
  if (shared) return;
  shared = true;
  tf.unregisterKernel(tf.Identity, 'wasm');
  tf.registerKernel({
    kernelName: tf.Identity,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend }) => {
      const { dataId, shape, dtype } = input(inputs as Record<string, tf.TensorInfo>, 'x');
      (backend as tf.KernelBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}
