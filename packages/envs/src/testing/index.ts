export { type CheckEnvironmentOptions, checkEnvironment } from './check-environment.js';
export { type CheckTextWorldOptions, checkTextWorld } from './check-text-world.js';
