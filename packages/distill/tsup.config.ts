import { shared } from '../../tools/build/tsup.shared.js';

export default shared({ entry: ['src/index.ts', 'src/teachers/index.ts', 'src/hints/index.ts', 'src/agent/index.ts'] });
