import { fileURLToPath } from 'node:url';

/** Where the build puts the page of the viewer; the same from sources and from the built package. */
export const builtViewerPage = fileURLToPath(new URL('../dist/viewer', import.meta.url));
