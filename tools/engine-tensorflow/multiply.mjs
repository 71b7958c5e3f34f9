// Loads the native engine and multiplies two matrices, in a process of its own: a library that does not fit kills it.
// Arguments: the folder of the npm package. Prints JSON, of what is loaded or of what went wrong.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** tfjs-node 4.22 calls functions that Node 23 removed from `util`. */
function restoreUtilFunctions() {
  const util = require('node:util');
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

async function multiply(packageFolder) {
  restoreUtilFunctions();
  const tf = require(packageFolder);
  const [rows, inner, columns] = [64, 48, 32];
  // Small whole numbers: every product and sum is exact in float32.
  const left = Float32Array.from({ length: rows * inner }, (_, index) => ((index * 7) % 11) - 5);
  const right = Float32Array.from({ length: inner * columns }, (_, index) => ((index * 5) % 13) - 6);
  const product = await tf.matMul(tf.tensor2d(left, [rows, inner]), tf.tensor2d(right, [inner, columns])).data();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let index = 0; index < inner; index++) sum += left[row * inner + index] * right[index * columns + column];
      if (product[row * columns + column] !== sum) throw new Error(`a wrong product at [${row}, ${column}]`);
    }
  }
  const { binding } = tf.backend();
  return { backend: tf.getBackend(), libtensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
}

try {
  console.log(JSON.stringify(await multiply(process.argv[2])));
} catch (error) {
  console.log(JSON.stringify({ failure: error.message.split('\n')[0] }));
  process.exitCode = 1;
}
