import { dgpo } from './dgpo.js';
import type { LogAdapter } from './log-record.js';
import { openai } from './openai.js';
import { r1Searcher } from './r1-searcher.js';
import { react } from './react.js';
import { searchR1 } from './search-r1.js';
import { smolagents } from './smolagents.js';
import { verifiers } from './verifiers.js';

/** The log formats that can be read, the more telling shapes first. */
export const logFormats = ['dgpo', 'smolagents', 'verifiers', 'openai', 'r1-searcher', 'search-r1', 'react'] as const;

export type LogFormat = (typeof logFormats)[number];

export const adapters: Readonly<Record<LogFormat, LogAdapter>> = {
  dgpo,
  smolagents,
  verifiers,
  openai,
  'r1-searcher': r1Searcher,
  'search-r1': searchR1,
  react,
};

/** True when the record can be an episode of a format that is known. */
export const acceptsRecord = (record: unknown, format: LogFormat): boolean => {
  const { accepts, fits } = adapters[format];
  return (accepts ?? fits)(record);
};

/** The first format whose shape the record has. */
export const formatOf = (record: unknown): LogFormat | null =>
  logFormats.find((format) => adapters[format].fits(record)) ?? null;
