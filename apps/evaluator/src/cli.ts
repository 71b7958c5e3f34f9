import { runAsProcess } from '@dgpo/trainer';
import { runProgram } from './program.js';

await runAsProcess({ run: runProgram, interruptNotice: 'Stopping after this batch.' });
