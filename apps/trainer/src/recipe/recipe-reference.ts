import { type RecipeField, recipeFields } from './recipe-fields.js';
import type { RecipeKind } from './recipe-kinds.js';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function shownDefault(field: RecipeField): string {
  if (field.defaultValue === undefined) return '';
  return `\`${typeof field.defaultValue === 'string' ? field.defaultValue : JSON.stringify(field.defaultValue)}\``;
}

const heading = (section: RecipeField) => `${'#'.repeat(section.path.split('.').length + 1)} \`${section.path}\``;

function table(fields: readonly RecipeField[]): string {
  const rows = fields.map((field) => {
    const allowed = field.range === '' ? field.type : `${field.type}: ${field.range}`;
    const name = field.path.slice(field.path.lastIndexOf('.') + 1);
    return `| \`${name}\` | ${cell(allowed)} | ${shownDefault(field)} | ${cell(field.description)} |`;
  });
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const parent = (field: RecipeField) => field.path.split('.').slice(0, -1).join('.');

/** The keys of one kind of recipe: the top level, then its sections. */
function keys(kind: RecipeKind): string[] {
  const fields = recipeFields(kind);
  const keysOf = (section: string) => fields.filter((field) => parent(field) === section && field.type !== 'section');
  const sections = fields.filter((field) => field.type === 'section');
  return [
    table(keysOf('')),
    ...sections.flatMap((section) => [heading(section), section.description, table(keysOf(section.path))]),
  ];
}

/** The reference of every recipe key as Markdown: `docs/recipes.md`. */
export function recipeReference(): string {
  return [
    '# Recipes',
    [
      'A recipe is a YAML file. Each key is also a flag, dotted and in either case: `--rl.maxSteps 20`, `--rl.max-steps 20`.',
      'Unknown keys and values out of range are errors before anything starts. Input paths are relative to the recipe (given as',
      'flags: to the working directory). Figures in brackets are those of the DGPO paper and its training script.',
    ].join('\n'),
    'The key `method` says how an agent is trained, and which stages that takes (`dgpo ls`); with `sft` a recipe is supervised fine-tuning ([below](#supervised-fine-tuning)).',
    'This page is generated from the schemas by `npm run docs:recipes -w @dgpo/trainer`.',
    ...keys('agent'),
    '# Supervised fine-tuning',
    'Recipes with `method: sft` train a pretrained model, or adapters on it, on text, on completions or on conversations.',
    ...keys('sft'),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}
