import { runAsProcess } from '@dgpo/trainer';
import { runProgram } from './program.js';

await runAsProcess({ run: runProgram, interruptNotice: 'Stopping once what is in progress is done.' });
