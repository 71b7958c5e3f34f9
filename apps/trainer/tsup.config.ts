import { shared } from '../../tools/build/tsup.shared.js';

export default shared({
  entry: ['src/index.ts', 'src/cli.ts', 'src/build-demo-models.ts', 'src/experiment-demo.ts', 'src/worker.ts'],
});
