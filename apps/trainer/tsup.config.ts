import { cp } from 'node:fs/promises';
import { shared } from '../../tools/build/tsup.shared.js';

/** These need files of the repository. */
const notShipped = ['search-qa.yaml', 'sft-smollm2-135m.yaml', 'dgpo-smollm2-135m.yaml'];

export default shared({
  entry: [
    'src/index.ts',
    'src/cli.ts',
    'src/build-demo-models.ts',
    'src/experiment-demo.ts',
    'src/experiment-methods.ts',
    'src/experiment-sisters.ts',
    'src/worker.ts',
  ],
  onSuccess: () =>
    cp('../../recipes', 'dist/recipes', {
      recursive: true,
      filter: (path) => !notShipped.some((name) => path.endsWith(name)),
    }),
});
