import { type RecipeField, recipeFields } from '../recipe/recipe-fields.js';

const flagLine = (field: RecipeField) => `  --${field.path} <${field.type}>`;

/** What `--help` says about recipe keys as flags: the top-level keys one by one, then the sections. */
export function recipeFlagsHelp(): string {
  const top = recipeFields().filter((field) => !field.path.includes('.'));
  const keys = top.filter((field) => field.type !== 'section');
  const sections = top.filter((field) => field.type === 'section').map((field) => field.path);
  const width = Math.max(...keys.map((field) => flagLine(field).length));
  return [
    '',
    'Recipe keys, which replace those of the file:',
    ...keys.map((field) => `${flagLine(field).padEnd(width)}  ${field.description}`),
    '  --<section>.<key> <value>',
    `      sections: ${sections.join(', ')}`,
    '      for example --rl.maxSteps 20 --rl.guidance.gate never; docs/recipes.md has them all,',
    '      those of method: sft (model, data, lora, training) too',
  ].join('\n');
}
