import * as tf from '@tensorflow/tfjs-core';

/**
 * Makes clones on the wasm backend share their values, as on every other backend. Its own kernel copies them, and the tape clones all that
 * it keeps for the backward pass: every weight and every activation.
 */
export function shareClones(): void {
  tf.unregisterKernel('Identity', 'wasm');
  tf.registerKernel({
    kernelName: 'Identity',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend }) => {
      const { dataId, shape, dtype } = inputs.x as tf.TensorInfo;
      (backend as tf.KernelBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}
