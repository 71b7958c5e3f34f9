// Set up before every test file: property tests draw the same cases on every machine, so that a change fails for what it changed.
// FC_SEED=<number> draws others, FC_SEED=random new ones each time; a failure prints its seed.
import fc from 'fast-check';

const { FC_SEED: asked = '1' } = process.env;
if (asked !== 'random') {
  const seed = Number(asked);
  if (!Number.isSafeInteger(seed)) throw new Error(`FC_SEED must be a whole number or "random", not "${asked}"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
