export { type CollectionStatistics, type KeepCorrectOptions, keepCorrect } from './keep-correct.js';
