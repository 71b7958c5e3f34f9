import { shared } from '../../tools/build/tsup.shared.js';

export default shared({
  entry: [
    'src/index.ts',
    'src/testing/index.ts',
    'src/webshop/index.ts',
    'src/household/index.ts',
    'src/math/index.ts',
    'src/benchmarks/index.ts',
    'src/code/index.ts',
  ],
});
