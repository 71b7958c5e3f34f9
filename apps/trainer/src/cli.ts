import { runAsProcess } from './command-line/run-as-process.js';
import { runProgram } from './program.js';

await runAsProcess({ run: runProgram, interruptNotice: 'Stopping; what is done is kept.' });
