/** Serves one case of server.ts in a process of its own. */
import { type ServerCase, serveCase } from './serve-case.js';

const served = await serveCase(JSON.parse(process.argv[2] ?? '') as ServerCase);
process.on('message', async (message) => {
  if (message === 'reset') {
    served.reset();
    return;
  }
  process.send?.(await served.stop());
  process.disconnect();
});
process.send?.(served.port);
