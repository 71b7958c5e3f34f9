/**
 * Writes the games of the household world's parity test for `household.py`: problems in PDDL with the commands to play.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/household.mjs > CASES.json
 */
import { parityCases } from '../../packages/envs/src/household/__fixtures__/parity-cases.ts';

const cases = parityCases().map(({ commands, name, problem }) => ({ name, problem, commands }));
console.log(JSON.stringify(cases));
