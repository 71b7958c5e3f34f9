// Holds the figures of `dgpo demo --preset quick --json` against thresholds far from chance: `node tools/check-demo/check-demo.mjs FILE`.
import { readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const { models } = JSON.parse(readFileSync(file, 'utf8'));
const exactMatch = (model, set) => models[model].sets[set].exactMatch.mean;
const validActions = (model, set) => models[model].sets[set].validActionRate.mean;

const failures = [];
const check = (what, holds, value) => {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${value.toFixed(3)}`);
  if (!holds) failures.push(what);
};
for (const set of ['fiction', 'facts']) {
  check(`base EM on ${set} at most 0.05`, exactMatch('base', set) <= 0.05, exactMatch('base', set));
  check(`base valid actions on ${set} at most 0.02`, validActions('base', set) <= 0.02, validActions('base', set));
  check(`teacher EM on ${set} at least 0.75`, exactMatch('teacher', set) >= 0.75, exactMatch('teacher', set));
  check(`DGPO EM on ${set} at least 0.35`, exactMatch('dgpo', set) >= 0.35, exactMatch('dgpo', set));
  check(`DGPO valid actions on ${set} at least 0.85`, validActions('dgpo', set) >= 0.85, validActions('dgpo', set));
}
if (failures.length > 0) process.exit(1);
