import { ConfigError } from '@dgpo/trajectory';

/** What the environment says about W&B, in the variables of its own client. */
export interface WandbSettings {
  /** `offline` writes the file alone, `online` uploads it as well, `disabled` does neither. */
  mode: 'offline' | 'online' | 'disabled';
  project?: string;
  entity?: string;
  baseUrl: string;
  apiKey?: string;
}

const modes: Readonly<Record<string, WandbSettings['mode']>> = {
  offline: 'offline',
  dryrun: 'offline',
  online: 'online',
  run: 'online',
  disabled: 'disabled',
};

/**
 * Reads `WANDB_MODE` (`offline` where it is not set), `WANDB_PROJECT`, `WANDB_ENTITY`, `WANDB_BASE_URL` and `WANDB_API_KEY`. An empty
 * variable counts as none.
 *
 * @throws {ConfigError} for a mode or an address that W&B does not have
 */
export function wandbSettings(environment: Readonly<Record<string, string | undefined>>): WandbSettings {
  const value = (name: string) => environment[name]?.trim() || undefined;
  const given = value('WANDB_MODE') ?? 'offline';
  const mode = modes[given];
  if (mode === undefined) {
    throw new ConfigError(`must be offline, online or disabled, got ${JSON.stringify(given)}`, { where: 'WANDB_MODE' });
  }
  const baseUrl = value('WANDB_BASE_URL') ?? 'https://api.wandb.ai';
  if (!URL.canParse(baseUrl) || !['https:', 'http:'].includes(new URL(baseUrl).protocol)) {
    throw new ConfigError('must be an address such as https://api.wandb.ai', { where: 'WANDB_BASE_URL' });
  }
  const project = value('WANDB_PROJECT');
  const entity = value('WANDB_ENTITY');
  const apiKey = value('WANDB_API_KEY');
  return {
    mode,
    baseUrl,
    ...(project === undefined ? {} : { project }),
    ...(entity === undefined ? {} : { entity }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}
