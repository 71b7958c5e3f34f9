import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { afterAll, expect, it } from 'vitest';
import { hasResult } from './has-result.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-has-result-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('takes a result of the same settings, in any order, and refuses one of others', () => {
  const path = join(folder, 'dgpo-0.json');
  expect(hasResult(path, {})).toBe(false);
  writeFileSync(path, JSON.stringify({ row: 'dgpo', keys: { rl: { learningRate: 3e-4, guidance: { beta: 0.2 } } } }));
  expect(hasResult(path, { rl: { guidance: { beta: 0.2 }, learningRate: 3e-4 } })).toBe(true);
  const other = () => hasResult(path, { rl: { guidance: { beta: 0.5 }, learningRate: 3e-4 } });
  expect(other).toThrow(ConfigError);
  expect(other).toThrow(`${path}: it was made with other settings`);
});
