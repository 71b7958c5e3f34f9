import { spawn } from 'node:child_process';

/**
 * Runs a command without a shell and keeps what it prints.
 *
 * @returns `{ code, signal, stdout, stderr }`; `code` is undefined when the command does not exist
 */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        printed[name] += text;
      });
    }
    child.on('error', (error) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve({ code: undefined, signal: null, ...printed });
      else reject(error);
    });
    child.on('close', (code, signal) => resolve({ code, signal, ...printed }));
  });
}

// What compilers and npm print first is the cause, what follows are consequences; pip ends with the cause.
const causes = [/(^|[ :])(fatal )?error: /, /^npm error (?!code|errno|syscall)/];

/** The line of a tool's output that says most: the first cause, else the last line with "error" in it, else the last one. */
export function tellingLine(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    lines.find((line) => causes.some((cause) => cause.test(line))) ??
    lines.findLast((line) => /\berror\b/i.test(line)) ??
    lines.at(-1) ??
    'it printed nothing'
  );
}
