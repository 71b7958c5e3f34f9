/** An interpreter that is broken through: what its process can still do. Each attempt reports what it got, or the error. */
import { closeFiles, harden, receive, send } from '../child/border.mjs';

const { folder, secretFile, port } = receive();
harden();
closeFiles();
const { default: childProcess } = await import('node:child_process');
const { default: dgram } = await import('node:dgram');
const { default: dns } = await import('node:dns');
const { default: fs } = await import('node:fs');
const { default: http } = await import('node:http');
const { default: net } = await import('node:net');
const { default: tls } = await import('node:tls');
const { default: vm } = await import('node:vm');
const { default: workers } = await import('node:worker_threads');
const { default: inspector } = await import('node:inspector');
const { default: wasi } = await import('node:wasi');

const connected = (socket) =>
  new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('connect', resolve);
  });

const attempts = {
  'read a file': () => fs.readFileSync(secretFile, 'utf8'),
  'read a file later': () => fs.promises.readFile(secretFile, 'utf8'),
  'read the processes': () => fs.readFileSync('/proc/self/environ', 'utf8'),
  'write a file': () => fs.writeFileSync(`${folder}/made`, ''),
  'a process': () => childProcess.spawnSync('touch', [`${folder}/made`]),
  'a process by its class': () =>
    new childProcess.ChildProcess().spawn({ file: '/bin/sh', args: ['sh', '-c', `touch ${folder}/made`] }),
  'a thread': () => new workers.Worker(`require('fs').writeFileSync('${folder}/made', '')`, { eval: true }),
  'a connection': () => connected(net.connect(port, '127.0.0.1')),
  'a connection by its class': () => connected(new net.Socket().connect(port, '127.0.0.1')),
  'a secure connection': () => connected(tls.connect({ port, host: '127.0.0.1' })),
  'a request': () => connected(http.get({ port, host: '127.0.0.1' })),
  'a request by its class': () => connected(new http.ClientRequest({ port, host: '127.0.0.1' })),
  'a fetch': () => globalThis.fetch(`http://127.0.0.1:${port}`),
  'a datagram': () => dgram.createSocket('udp4').send('x', port, '127.0.0.1'),
  'a name': () => dns.promises.lookup('localhost'),
  'a name by its class': () => new dns.promises.Resolver().resolve4('localhost'),
  'a server': () => new net.Server().listen(0),
  'code from text': () => Function('return process')(),
  'code from text by eval': () => globalThis.eval('1'),
  'the binding of sockets': () => process.binding('tcp_wrap'),
  'the binding of processes': () => process.binding('spawn_sync'),
  'a module of Node by name': () => process.getBuiltinModule('fs'),
  'a native module': () => process.dlopen({ exports: {} }, `${folder}/x.node`),
  'a signal to the parent': () => process.kill(process.ppid, 'SIGKILL'),
  'the inspector': () => inspector.open(0),
  'a wasi': () => new wasi.WASI({ version: 'preview1', preopens: { '/': '/' } }).getImportObject() && fs.readFileSync('/x'),
  'a script in a context': () => new vm.Script('1').runInThisContext() && fs.readFileSync(secretFile, 'utf8'),
  'more memory than was granted': () => new WebAssembly.Memory({ initial: 16 }).grow(2 * 64 * 16),
};

for (const [name, attempt] of Object.entries(attempts)) {
  try {
    send({ type: 'tried', name, got: String(await attempt()) });
  } catch (error) {
    send({ type: 'tried', name, error: String(error?.message ?? error).slice(0, 200) });
  }
}
send({ type: 'done', environment: Object.keys(process.env), folder: process.cwd() });
