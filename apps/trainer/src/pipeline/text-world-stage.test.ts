import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEnvironment } from '../compute/open-environment.js';
import { readAgentSettings, writeAgentSettings } from '../evaluate/agent-settings.js';
import { recipeSchema } from '../recipe/recipe-schema.js';
import { textWorldSettings } from './text-world-stage.js';

test('a small shop has short pages, which survive the file of a model’s rules', async () => {
  const settingsOf = (size: 'full' | 'small') =>
    textWorldSettings(
      recipeSchema.parse({
        method: 'dgpo',
        outputDir: 'x',
        data: { world: 'webshop', webshop: { products: 120, size } },
      }),
      'webshop',
    );
  const small = settingsOf('small');
  expect(settingsOf('full')).not.toHaveProperty('productsPerPage');
  expect(small).toMatchObject({
    catalogue: { products: 120, familiesPerKind: 1, wishesPerProduct: 4, shortAsins: true },
    observationMode: 'short',
    productsPerPage: 3,
  });
  const directory = mkdtempSync(join(tmpdir(), 'dgpo-small-shop-'));
  try {
    await writeAgentSettings({ directory, settings: small });
    expect(await readAgentSettings({ directory, maxPositionEmbeddings: 1024 })).toEqual(small);
    await expect(openEnvironment({ settings: small, retriever: undefined })).resolves.toBeDefined();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
