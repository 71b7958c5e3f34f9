import { runAsProcess } from './command-line/run-as-process.js';
import { interruptNotice } from './commands/interrupt-notice.js';
import { runProgram } from './program.js';

await runAsProcess({ run: runProgram, interruptNotice: interruptNotice(process.argv.slice(2)) });
