import { createRequire } from 'node:module';

/**
 * Imports a package that may not be installed; its name is kept from the type checker and from bundlers.
 *
 * @throws what the package throws when it is installed and does not load: its native addon is missing, say
 */
export async function optionalImport(name: string): Promise<Record<string, unknown> | undefined> {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (error) {
    // Packages for `import` alone are found but not resolved: a different code.
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
  }
  return (await import(name)) as Record<string, unknown>;
}
