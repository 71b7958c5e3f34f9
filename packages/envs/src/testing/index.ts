export { type CheckEnvironmentOptions, checkEnvironment } from './check-environment.js';
