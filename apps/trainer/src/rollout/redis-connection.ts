import { ConfigError, isDgpoError } from '@dgpo/trajectory';
import { Redis } from 'ioredis';

/** A connection that comes back by itself. */
export interface RedisConnection {
  readonly redis: Redis;
  /** The address without its password. */
  readonly name: string;
  /** False while there is no connection. */
  connected(): boolean;
  close(): Promise<void>;
}

/**
 * The address for messages: without user and password.
 *
 * @throws ConfigError when it is no address of a Redis server
 */
export function redisName(url: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    // The text may hold a password: it is not shown.
  }
  if (
    parsed === undefined ||
    (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') ||
    parsed.hostname === ''
  ) {
    throw new ConfigError('the address of Redis must look like redis://host:6379, or rediss:// for TLS');
  }
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

/** Errors that no waiting mends. */
const refused = /WRONGPASS|NOAUTH|NOPERM|invalid password|without any password/i;

/**
 * Connects, and again whenever the connection is lost.
 *
 * @param options.onLine told once when the connection is lost, and when it is back
 * @param options.onRefused told when the server wants another password
 * @throws ConfigError when `url` is no address of a Redis server
 */
export function connectRedis(options: {
  url: string;
  onLine: (line: string) => void;
  onRefused: (error: ConfigError) => void;
}): RedisConnection {
  const { url, onLine, onRefused } = options;
  const name = redisName(url);
  const redis = new Redis(url, {
    // Commands wait for the connection instead of failing.
    maxRetriesPerRequest: null,
    keepAlive: 10_000,
    connectTimeout: 10_000,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), 3000),
  });
  let lost = false;
  let closed = false;
  const say = (reason: string) => {
    if (lost || closed) return;
    lost = true;
    onLine(`no connection to Redis at ${name} (${reason}); trying again`);
  };
  redis.on('error', ({ message }: Error) => {
    if (refused.test(message)) onRefused(new ConfigError('Redis refuses the user or password', { where: name }));
    else say(message);
  });
  redis.on('close', () => say('closed'));
  redis.on('ready', () => {
    if (lost) onLine(`connected to Redis at ${name}`);
    lost = false;
  });
  return {
    redis,
    name,
    connected: () => redis.status === 'ready',
    close: async () => {
      closed = true;
      redis.disconnect();
    },
  };
}

/** @throws ConfigError when there is no connection within ten seconds, or the password is refused */
export async function requireRedis({ redis, name }: RedisConnection): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ConfigError('no Redis server answers there; is it running?', { where: name })),
      10_000,
    );
  });
  try {
    await Promise.race([redis.ping(), late]);
  } catch (cause) {
    if (isDgpoError(cause)) throw cause;
    throw new ConfigError(`Redis refuses: ${cause instanceof Error ? cause.message : String(cause)}`, { where: name });
  } finally {
    clearTimeout(timer);
  }
}
