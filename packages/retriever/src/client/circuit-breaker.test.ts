import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from './circuit-breaker.js';

describe('createCircuitBreaker', () => {
  it('opens after failures in a row, lets one trial through after the cooldown, and closes with it', () => {
    let now = 0;
    const breaker = createCircuitBreaker({ failures: 2, cooldown: 100, now: () => now });
    breaker.enter('s').fail();
    breaker.enter('s').succeed();
    breaker.enter('s').fail();
    expect(breaker.state).toBe('closed');
    breaker.enter('s').fail();
    expect(breaker.state).toBe('open');
    expect(() => breaker.enter('http://s')).toThrow(/^http:\/\/s: not asked: the last 2 requests failed/);
    now = 100;
    expect(breaker.state).toBe('half-open');
    const trial = breaker.enter('s');
    expect(() => breaker.enter('s')).toThrow(/one request is trying it now/);
    trial.fail();
    expect(breaker.state).toBe('open');
    now = 199;
    expect(() => breaker.enter('s')).toThrow(/not asked/);
    now = 200;
    breaker.enter('s').succeed();
    expect(breaker.state).toBe('closed');
    breaker.enter('s').release();
  });

  it('gives the trial to the next one when it is called off, and counts each request once', () => {
    let now = 0;
    const breaker = createCircuitBreaker({ failures: 1, cooldown: 10, now: () => now });
    const first = breaker.enter('s');
    first.fail();
    first.release();
    first.succeed();
    expect(breaker.state).toBe('open');
    now = 10;
    breaker.enter('s').release();
    breaker.enter('s').succeed();
    expect(breaker.state).toBe('closed');
  });

  it('refuses options out of range', () => {
    expect(() => createCircuitBreaker({ failures: 0 })).toThrow(/failures/);
    expect(() => createCircuitBreaker({ cooldown: -1 })).toThrow(/cooldown/);
  });
});
