import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs a part of a network without keeping anything but its inputs, and runs it again in the backward pass (gradient checkpointing, Chen
 * et al. 2016, arXiv 1604.06174). Value and gradients are those of `run(inputs)` itself.
 *
 * @param options.run a pure function of the inputs and the variables
 * @param options.inputs the first is differentiated; the others are constants
 * @param options.variables what `run` uses and is to be differentiated
 */
export function recomputed<Inputs extends readonly [tf.Tensor, ...tf.Tensor[]]>(options: {
  run: (inputs: Inputs) => tf.Tensor;
  inputs: Inputs;
  variables: readonly tf.Variable[];
}): tf.Tensor {
  const { run, inputs, variables } = options;
  const compute = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save([...inputs]);
    return {
      value: run(inputs),
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => {
        const again = saved as unknown as Inputs;
        const differentiated = [again[0], ...variables];
        const engine = tf.engine();
        // The outer backward pass is under way with a tape of its own, which the inner one would drop.
        const outerTape = engine.state.activeTape;
        const { value, grads } = engine.gradients(() => run(again), differentiated, gradient, true);
        engine.state.activeTape = outerTape;
        value.dispose();
        return differentiated.map((tensor, index) => grads[index] ?? tf.zerosLike(tensor));
      },
    };
  });
  return compute(inputs[0], ...variables);
}
