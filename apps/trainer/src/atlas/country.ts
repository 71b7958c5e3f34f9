/**
 * Where a country is used: `train` for questions to learn from, `fiction` for held-out invented countries, `facts` for the real
 * ones, which are held out too.
 */
export type Split = 'train' | 'fiction' | 'facts';

/** What the atlas knows about one country. */
export interface Country {
  name: string;
  capital: string;
  /** The full name of the money, such as `Peruvian sol`. */
  currency: string;
  /** At least one. */
  languages: readonly string[];
  /** The region, such as `South America`. */
  subregion: string;
  /** What its people are called, such as `Peruvian`. */
  demonym: string;
  /** Names of the neighbours; empty for an island. */
  borders: readonly string[];
  split: Split;
}
