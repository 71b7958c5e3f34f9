import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRunDirectory } from './run-directory.js';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'dgpo-run-')), 'run');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const rl = { maxSteps: 10, saveSteps: 5, guidance: { beta: 0.001 } };
const config = { seed: 0, workers: 2, stages: [{ name: 'rl', rl }] };

describe('openRunDirectory', () => {
  it('lays out a run and counts attempts', () => {
    const first = openRunDirectory({ directory, config, resume: false });
    expect(first).toMatchObject({ resumed: false, attempt: 1 });
    expect(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'))).toEqual(config);
    expect(existsSync(first.logsPath)).toBe(true);
    first.close();
    const second = openRunDirectory({ directory, config, resume: true });
    expect(second).toMatchObject({ resumed: true, attempt: 2 });
    expect(readlinkSync(join(directory, 'logs', 'latest'))).toBe('attempt_2');
    second.close();
    expect(existsSync(join(directory, 'run.lock'))).toBe(false);
  });

  it('does not start over a run, and names the first key that differs on resume', () => {
    openRunDirectory({ directory, config, resume: false }).close();
    expect(() => openRunDirectory({ directory, config, resume: false })).toThrow(/holds a run already; add --resume/);
    const other = { ...config, stages: [{ name: 'rl', rl: { ...rl, guidance: { beta: 0.01 } } }] };
    expect(() => openRunDirectory({ directory, config: other, resume: true })).toThrow(
      /the run here has stages\.0\.rl\.guidance\.beta: 0\.001, not 0\.01; resume/,
    );
    expect(existsSync(join(directory, 'run.lock'))).toBe(false);
    const longer = { ...config, stages: [...config.stages, { name: 'more' }] };
    expect(() => openRunDirectory({ directory, config: longer, resume: true })).toThrow(
      /the run here has stages\.1: nothing, not \{"name":"more"\}/,
    );
    const rarer = { ...config, workers: 1, stages: [{ name: 'rl', rl: { ...rl, saveSteps: 9 } }] };
    const run = openRunDirectory({ directory, config: rarer, resume: true });
    expect(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'))).toEqual(rarer);
    run.close();
  });

  it('keeps a second process out while the first lives, and takes over from one that died', async () => {
    const run = openRunDirectory({ directory, config, resume: false });
    expect(() => openRunDirectory({ directory, config, resume: true })).toThrow(ConfigError);
    expect(() => openRunDirectory({ directory, config, resume: true })).toThrow(new RegExp(`process ${process.pid}`));
    run.close();
    const dead = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => dead.on('exit', resolve));
    writeFileSync(join(directory, 'run.lock'), JSON.stringify({ pid: dead.pid, host: hostname() }));
    openRunDirectory({ directory, config, resume: true }).close();
    writeFileSync(join(directory, 'run.lock'), JSON.stringify({ pid: dead.pid, host: 'another-machine' }));
    expect(() => openRunDirectory({ directory, config, resume: true })).toThrow(/on another-machine uses this run/);
    writeFileSync(join(directory, 'run.lock'), '');
    expect(() => openRunDirectory({ directory, config, resume: true })).toThrow(/another process is opening this run/);
    utimesSync(join(directory, 'run.lock'), 1, 1);
    openRunDirectory({ directory, config, resume: true }).close();
  });

  it('cuts metrics and timings of one stage back to the checkpoint, and a torn line with them', () => {
    const run = openRunDirectory({ directory, config, resume: false });
    const line = (stage: string, step: number) => `${JSON.stringify({ stage, step, loss: 1 })}\n`;
    const kept = line('cold-start', 40) + line('rl', 1) + line('rl', 2);
    writeFileSync(run.metricsPath, `${kept}${line('rl', 3)}{"stage":"rl","st`);
    writeFileSync(run.timingsPath, `${kept}${line('rl', 3)}`);
    run.rewind({ stage: 'rl', step: 2 });
    expect(readFileSync(run.metricsPath, 'utf8')).toBe(kept);
    expect(readFileSync(run.timingsPath, 'utf8')).toBe(kept);
    run.rewind({ stage: 'rl', step: 0 });
    expect(readFileSync(run.metricsPath, 'utf8')).toBe(line('cold-start', 40));
    run.close();
  });

  it('tells a run of another version from one of another recipe', () => {
    openRunDirectory({ directory, config, resume: false }).close();
    const path = join(directory, 'version.json');
    const { format, version } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ format, version: '0.0.1' }));
    const other = { ...config, newKey: true };
    expect(() => openRunDirectory({ directory, config: other, resume: true })).toThrow(
      `the run here has newKey: nothing, not true (the run was begun by dgpo 0.0.1, this is ${version})`,
    );
    openRunDirectory({ directory, config, resume: true }).close();
    writeFileSync(path, JSON.stringify({ format: 99, version: '9.0.0' }));
    expect(() => openRunDirectory({ directory, config, resume: true })).toThrow(
      /written by dgpo 9\.0\.0 \(format 99\).*resume with that version/,
    );
    writeFileSync(path, '{');
    expect(() => openRunDirectory({ directory, config, resume: true })).toThrow(/version\.json: is damaged/);
    expect(existsSync(join(directory, 'run.lock'))).toBe(false);
  });

  it('explains a folder that cannot be written', () => {
    openRunDirectory({ directory, config, resume: false }).close();
    // No mode keeps root out; this part of Linux does.
    chmodSync(directory, 0o500);
    const readOnly = process.getuid?.() === 0 ? '/sys/kernel' : directory;
    try {
      expect(() => openRunDirectory({ directory: readOnly, config, resume: true })).toThrow(/is read-only; make it/);
    } finally {
      chmodSync(directory, 0o700);
    }
  });

  it('explains a place where nothing can be created', () => {
    writeFileSync(join(directory, '..', 'file'), '');
    const inside = join(directory, '..', 'file', 'run');
    expect(() => openRunDirectory({ directory: inside, config, resume: false })).toThrow(/cannot create this folder/);
  });
});
