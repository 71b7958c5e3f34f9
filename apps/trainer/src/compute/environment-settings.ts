import type { ActionFormatName } from '@dgpo/envs';
import type { ObservationMode } from '@dgpo/envs/webshop';

/** How a policy may write its actions. */
export const actionFormats = ['tags', 'react', 'stateact', 'json', 'tool-calls'] as const satisfies ActionFormatName[];

/** Where a worker finds the search engine. */
export type RetrieverSource =
  /**
   * A stored index. `key` is the hash of what it was made from, by which stages know it again wherever it lies. With `shuffleSeed`,
   * other passages than the ones found are shown: the control that tells reading from recall.
   */
  { directory: string; key?: string; shuffleSeed?: number } | { url: string };

/** What the rules of every environment have, in tokens. */
interface EpisodeSettings {
  maxTokensPerTurn: number;
  maxObservationTokens: number;
  maxContextTokens: number;
  /** @default the environment's own text */
  promptTemplate?: string;
  /** The observation after a turn without an action. @default the environment's own text */
  invalidActionMessage?: string;
}

/** Questions to a search engine. */
export interface SearchSettings extends EpisodeSettings {
  /** Absent in what was stored before there were others. @default 'search' */
  kind?: 'search';
  /** How actions are written. @default 'tags' */
  format?: ActionFormatName;
  topK: number;
  maxSearches: number;
  documentTemplate?: string;
  observationPrefix?: string;
  observationSuffix?: string;
}

/** What text worlds have in common. */
interface TextWorldSettings extends EpisodeSettings {
  /** How commands are written. @default 'react' */
  format?: ActionFormatName;
  /** Commands of an episode. */
  maxTurns: number;
}

/** Rooms with things to find, change and carry; each task brings its game. */
export interface HouseholdSettings extends TextWorldSettings {
  kind: 'household';
}

/** Where a worker gets the products of a shop: invented, or from a folder with files of the original's names. */
export type CatalogueSource =
  /** As for `createCatalogue`. */
  | { products: number; seed: number; familiesPerKind?: number; wishesPerProduct?: number; shortAsins?: boolean }
  /** `seed` draws prices within ranges. */
  | { directory: string; seed: number };

/** A shop; goals and products belong together. */
export interface WebshopSettings extends TextWorldSettings {
  kind: 'webshop';
  catalogue: CatalogueSource;
  /** How pages are written down. @default 'text' */
  observationMode?: ObservationMode;
  /** @default 10 */
  productsPerPage?: number;
}

/** A shop for models that read little: short pages of three products, of which each kind has few, with several wishes for each and names that are soon spelled. */
export const smallWebshop = {
  catalogue: { familiesPerKind: 1, wishesPerProduct: 4, shortAsins: true },
  pages: { observationMode: 'short', productsPerPage: 3 },
} as const satisfies { catalogue: Partial<CatalogueSource>; pages: Partial<WebshopSettings> };

/** Questions answered by Python that can search. */
export interface CodeSettings extends EpisodeSettings {
  kind: 'code';
  /** Turns of an episode. */
  maxSteps: number;
  /** Passages per search. */
  topK: number;
  documentTemplate?: string;
  observationPrefix?: string;
  observationSuffix?: string;
  /** After the error of code. @default the environment's own text */
  errorAdvice?: string;
}

/** Questions answered in one turn, from memory: reasoning, then the answer. */
export interface ChainOfThoughtSettings
  extends Pick<EpisodeSettings, 'maxTokensPerTurn' | 'maxContextTokens' | 'promptTemplate'> {
  kind: 'chain-of-thought';
  /** The demo world whose numbers the scripted expert knows. @default it knows golden answers alone */
  world?: { seed: number; inventedCountries: number };
}

/** The rules of an episode, as plain data; `kind` tells the environment. */
export type EnvironmentSettings =
  | SearchSettings
  | CodeSettings
  | ChainOfThoughtSettings
  | HouseholdSettings
  | WebshopSettings;

/** Whether searching is what a policy does in an environment, besides answering. */
export const isSearch = (settings: EnvironmentSettings): settings is SearchSettings =>
  settings.kind === undefined || settings.kind === 'search';

/** Whether an environment is played by commands. */
export const isTextWorld = (settings: EnvironmentSettings): settings is HouseholdSettings | WebshopSettings =>
  settings.kind === 'household' || settings.kind === 'webshop';

/** Whether an environment has a search engine behind it. */
export const hasRetriever = (settings: EnvironmentSettings): settings is SearchSettings | CodeSettings =>
  isSearch(settings) || settings.kind === 'code';
