import * as tf from '@tensorflow/tfjs-core';

type Tensors = Record<string, tf.Tensor>;

/**
 * Runs a part of a network without keeping anything but its inputs, and runs it again in the backward pass (gradient checkpointing, Chen
 * et al. 2016, arXiv 1604.06174). Value and gradients are those of `run` itself.
 *
 * @param options.run a pure function of what it is given and of the variables
 * @param options.inputs are differentiated
 * @param options.constants are not
 * @param options.variables what `run` uses beside them and is to be differentiated @default none
 */
export function recomputed<Inputs extends Tensors, Constants extends Tensors>(options: {
  run: (tensors: Inputs & Constants) => tf.Tensor;
  inputs: Inputs;
  constants: Constants;
  variables?: readonly tf.Variable[];
}): tf.Tensor {
  const { run, inputs, constants, variables = [] } = options;
  const kept = { ...inputs, ...constants };
  const count = Object.keys(inputs).length;
  const compute = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save(Object.values(kept));
    return {
      value: run(kept),
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => {
        const again = Object.fromEntries(Object.keys(kept).map((name, index) => [name, saved[index]]));
        const differentiated = [...saved.slice(0, count), ...variables];
        const engine = tf.engine();
        // The outer backward pass is under way with a tape of its own, which the inner one would drop.
        const outerTape = engine.state.activeTape;
        const { value, grads } = engine.gradients(
          () => run(again as Inputs & Constants),
          differentiated,
          gradient,
          true,
        );
        engine.state.activeTape = outerTape;
        value.dispose();
        return differentiated.map((tensor, index) => grads[index] ?? tf.zerosLike(tensor));
      },
    };
  });
  return compute(...Object.values(inputs), ...variables);
}
