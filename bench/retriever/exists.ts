import { access } from 'node:fs/promises';

/** Whether there is something at a path. */
export const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
