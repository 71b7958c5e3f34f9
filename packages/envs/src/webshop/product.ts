/** What a customer can choose, such as a colour; values are lower case. */
export interface ProductOption {
  name: string;
  values: readonly string[];
}

/** A wish that names a product's traits, as a person would write it. */
export interface Instruction {
  text: string;
  attributes: readonly string[];
  /** Values, or values by option name. */
  options: readonly string[] | Readonly<Record<string, string>>;
}

export interface Product {
  asin: string;
  /** One of beauty, garden, grocery, fashion and electronics in the original's data. */
  category: string;
  /** The search that the product was collected with; lower case. */
  query: string;
  /** From the widest to the narrowest, joined by ` › `. */
  productCategory: string;
  name: string;
  description: string;
  features: readonly string[];
  /** In dollars; where the catalogue gives a range, a draw from it. */
  price: number;
  /** As the shop shows it, such as `$12.5 to $20.0`. */
  priceTag: string;
  options: readonly ProductOption[];
  attributes: readonly string[];
  /** Wishes by people. */
  instructions: readonly Instruction[];
  /** A wish without options, which goals add to. */
  wish: { text: string; attributes: readonly string[] } | null;
}

/** What a shop sells. */
export interface Catalogue {
  products: readonly Product[];
}

/** What a customer is sent to buy. */
export type Goal = {
  asin: string;
  category: string;
  query: string;
  productCategory: string;
  name: string;
  attributes: readonly string[];
  options: readonly string[] | Readonly<Record<string, string>>;
  /** In dollars; a million where there is no limit. */
  priceUpper: number;
};
