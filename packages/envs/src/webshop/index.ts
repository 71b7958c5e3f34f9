export {
  type CatalogueFiles,
  type CreateCatalogueOptions,
  createCatalogue,
  createCatalogueFiles,
  type ItemRecord,
} from './create-catalogue.js';
export { type CreateGoalsOptions, createGoals, type SplitGoalsOptions, splitGoals } from './goals.js';
export { nounsOf } from './nouns-of.js';
export { type ObservationMode, placeOf } from './observation.js';
export type { Catalogue, Goal, Instruction, Product, ProductOption } from './product.js';
export { createProductIndex, type ProductIndex, productText } from './product-index.js';
export { type ReadCatalogueOptions, readCatalogue } from './read-catalogue.js';
export { type Purchase, type RewardDetails, scorePurchase } from './reward.js';
export type { SubPage, WebshopState } from './state.js';
export { tokenSetRatio } from './token-set-ratio.js';
export { createWebshop, type WebshopOptions, webshopMaxSteps } from './webshop.js';
