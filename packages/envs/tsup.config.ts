import { shared } from '../../tools/build/tsup.shared.js';

export default shared({ entry: ['src/index.ts', 'src/code/index.ts', 'src/testing/index.ts'] });
