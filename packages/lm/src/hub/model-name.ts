import { ModelError } from '@dgpo/trajectory';

/** A model on the hub. */
export interface ModelName {
  /** `org/name` */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
}

const part = '[A-Za-z0-9](?:[\\w.-]*[\\w])?';
const pattern = new RegExp(`^(${part}/${part})(?:@(${part}(?:/${part})*))?$`);

/**
 * Reads `org/name` or `org/name@revision`.
 *
 * @throws ModelError for anything else, names with steps upwards among it
 */
export function parseModelName(model: string): ModelName {
  const [, repository, revision = 'main'] = pattern.exec(model) ?? [];
  // The hub has no names with ".." or "--"; in the cache, "--" stands for the slash.
  if (repository === undefined || /\.\.|--/.test(repository) || revision.includes('..')) {
    throw new ModelError(
      `${JSON.stringify(model)} is neither a folder or file that exists nor a name on the hub; give the path of a model folder, of a .gguf file, or org/name@revision`,
    );
  }
  return { repository, revision };
}
