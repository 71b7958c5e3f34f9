import { expect, it } from 'vitest';
import { rolloutsSchema } from './rollout-section.js';

it('plays here unless told otherwise', () => {
  expect(rolloutsSchema.parse({})).toMatchObject({ kind: 'local' });
  expect(rolloutsSchema.parse({ kind: 'redis', url: 'rediss://host', artifactsPort: 0 }).url).toBe('rediss://host');
});

it.each([
  [{ queue: 'mine' }, /no effect without kind: redis/],
  [{ kind: 'redis', url: 'redis://:secret@host' }, /DGPO_REDIS_URL/],
  [{ kind: 'redis', url: 'http://host' }, /must look like redis:/],
  [{ kind: 'redis', queue: 'a:b' }, /use letters/],
])('refuses %j', (rollouts, message) => {
  const parsed = rolloutsSchema.safeParse(rollouts);
  expect(parsed.success).toBe(false);
  expect(JSON.stringify(parsed.error?.issues)).toMatch(message);
  expect(JSON.stringify(parsed.error?.issues)).not.toMatch(/secret/);
});
