import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Catalogue, createCatalogue, readCatalogue } from '@dgpo/envs/webshop';
import { DatasetError } from '@dgpo/trajectory';
import type { CatalogueSource } from './environment-settings.js';

/** What the original calls its files; those of its small catalogue have the number of products in their names. */
const fileNames = { items: 'items_shuffle', attributes: 'items_ins_v2', instructions: 'items_human_ins' } as const;

const stems: readonly string[] = Object.values(fileNames);

/** Whether a file has one of these names. */
export const isCatalogueFile = (file: string): boolean => stems.includes(file.replace(/(_1000)?\.json$/, ''));

/**
 * The files of a catalogue in a folder, of the whole one if it is there.
 * @throws DatasetError when one is missing that there must be
 */
export function catalogueFiles(directory: string): { items: string; attributes: string; instructions?: string } {
  const find = (name: string) =>
    [`${name}.json`, `${name}_1000.json`].map((file) => join(directory, file)).find((path) => existsSync(path));
  const items = find(fileNames.items);
  const attributes = find(fileNames.attributes);
  const instructions = find(fileNames.instructions);
  if (items === undefined || attributes === undefined) {
    const missing = items === undefined ? fileNames.items : fileNames.attributes;
    throw new DatasetError(`there is no ${missing}.json (or ${missing}_1000.json), a file of WebShop's data`, {
      where: directory,
    });
  }
  return { items, attributes, ...(instructions === undefined ? {} : { instructions }) };
}

/** @throws DatasetError for files that are missing or damaged */
export async function openCatalogue(source: CatalogueSource): Promise<Catalogue> {
  const { seed } = source;
  return 'directory' in source ? readCatalogue({ ...catalogueFiles(source.directory), seed }) : createCatalogue(source);
}
