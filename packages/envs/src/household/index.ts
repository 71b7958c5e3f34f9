export { type LoadAlfworldGamesOptions, loadAlfworldGames } from './alfworld/load-alfworld-games.js';
export {
  createHouseholdGames,
  type HouseholdGamesOptions,
  type HouseholdSplit,
} from './generate/create-household-games.js';
export { createHousehold, type HouseholdOptions, householdMaxSteps } from './household.js';
export { type HouseholdFamily, type HouseholdGame, type HouseholdState, householdFamilies } from './types.js';
