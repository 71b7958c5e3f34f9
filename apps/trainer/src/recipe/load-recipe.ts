import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import type { z } from 'zod';
import { shippedModel } from '../demo/assets.js';
import type { SftRecipe } from '../sft/sft-schema.js';
import { dropInherited } from './drop-inherited.js';
import { nearestName } from './nearest-name.js';
import { fileOf, mergeChain, placeIn, type RecipeFile, readRecipeChain } from './recipe-chain.js';
import { type JsonSchemaNode, recipeJsonSchema } from './recipe-fields.js';
import type { RecipeOverride } from './recipe-flags.js';
import { allMethods, type RecipeKind, recipeSchemas } from './recipe-kinds.js';
import type { Recipe } from './recipe-schema.js';

/** Options of {@link loadRecipe}. */
export interface LoadRecipeOptions {
  /** A YAML (or JSON) file. */
  path: string;
  /** Values that replace those of the file, from `splitRecipeFlags`. @default [] */
  overrides?: readonly RecipeOverride[];
  /** Folder that paths given as flags and `outputDir` are relative to. @default process.cwd() */
  workingDirectory?: string;
}

/** A recipe of any method; `method` tells which. */
export type AnyRecipe = Recipe | SftRecipe;

/**
 * Reads, overrides and validates a recipe. Input paths come back absolute: those of the file are relative to its folder, those of
 * flags and `outputDir` to the working directory.
 *
 * @throws {ConfigError} with `file:line:column` or the flag, what is wrong, and the nearest valid name of an unknown key
 */
export async function loadAnyRecipe(options: LoadRecipeOptions): Promise<AnyRecipe> {
  const text = await readFile(options.path, 'utf8').catch((cause: unknown) => {
    throw new ConfigError('cannot read this recipe; is the path right?', { where: options.path, cause });
  });
  return parseAnyRecipe({ ...options, text });
}

/** {@link loadAnyRecipe} for a search agent; another method is a ConfigError. */
export async function loadRecipe(options: LoadRecipeOptions): Promise<Recipe> {
  return searchRecipe(await loadAnyRecipe(options), options.path);
}

/** {@link loadRecipe} on text that was read already; `path` names it in messages and anchors relative paths. */
export function parseRecipe(options: LoadRecipeOptions & { text: string }): Recipe {
  return searchRecipe(parseAnyRecipe(options), options.path);
}

function searchRecipe(recipe: AnyRecipe, path: string): Recipe {
  if (recipe.method !== 'sft') return recipe;
  throw new ConfigError(`is a recipe with method: ${recipe.method}, where one of a search agent is needed`, {
    where: path,
  });
}

function parseAnyRecipe(options: LoadRecipeOptions & { text: string }): AnyRecipe {
  const { text, path, overrides = [], workingDirectory = process.cwd() } = options;
  const chain = readRecipeChain({ text, path });
  const written = setOverrides(mergeChain(chain), overrides);
  const [first, ...bases] = chain;
  const own = setOverrides(first.content, overrides);
  const merged = bases.length === 0 || kindOf(written) === 'sft' ? written : dropInherited({ merged: written, own });
  const context = { chain, overrides, kind: kindOf(merged), method: merged.method };
  checkMethod(merged, context);
  const result = recipeSchemas[context.kind].safeParse(merged);
  if (!result.success) throw problem(result.error.issues, context);
  const absolute = absolutePaths({ chain, overrides, workingDirectory });
  return result.data.method === 'sft' ? absolute.sft(result.data) : absolute.agent(result.data);
}

const kindOf = ({ method }: JsonObject): RecipeKind => (method === 'sft' ? 'sft' : 'agent');

function checkMethod({ method = 'dgpo' }: JsonObject, context: ProblemContext): void {
  if (typeof method === 'string' && allMethods.includes(method)) return;
  const nearest = typeof method === 'string' ? nearestName(method, allMethods) : undefined;
  const hint = nearest === undefined ? `take one of ${allMethods.join(', ')}` : `did you mean "${nearest}"?`;
  throw new ConfigError(`there is no method ${JSON.stringify(method)}; ${hint}`, {
    where: location(['method'], context),
  });
}

type RecipeChain = readonly [RecipeFile, ...RecipeFile[]];

type JsonObject = Record<string, unknown>;

const setOverrides = (recipe: JsonObject, overrides: readonly RecipeOverride[]): JsonObject =>
  overrides.reduce((changed, override) => setAtPath(changed, override.path.split('.'), override.value), recipe);

function setAtPath(target: JsonObject, [name = '', ...rest]: readonly string[], value: unknown): JsonObject {
  const child = target[name];
  const inner = typeof child === 'object' && child !== null && !Array.isArray(child) ? (child as JsonObject) : {};
  return { ...target, [name]: rest.length === 0 ? value : setAtPath(inner, rest, value) };
}

function absolutePaths(context: {
  chain: RecipeChain;
  overrides: readonly RecipeOverride[];
  workingDirectory: string;
}) {
  const { workingDirectory } = context;
  const absolute = (key: string, value: string) => {
    const fromFlag = context.overrides.some((override) => override.path === key || key.startsWith(`${override.path}.`));
    return resolve(workingDirectory, fromFlag ? '' : dirname(fileOf(context.chain, key.split('.')).path), value);
  };
  /** One key of a section, where it is set. */
  const inside = (section: string, name: string, value: string | undefined) =>
    value === undefined ? {} : { [name]: absolute(`${section}.${name}`, value) };
  /** A folder, or one of the models that come with the package. */
  const model = (section: string, value: string | undefined) => {
    const folder = inside(section, 'path', value);
    const shipped = value === undefined ? undefined : shippedModel(value);
    return shipped !== undefined && !existsSync(folder.path ?? '') ? { path: shipped } : folder;
  };
  const outputDir = (recipe: AnyRecipe) => resolve(workingDirectory, recipe.outputDir);
  return {
    agent: (recipe: Recipe): Recipe => ({
      ...recipe,
      outputDir: outputDir(recipe),
      data: {
        ...recipe.data,
        ...inside('data', 'corpus', recipe.data.corpus),
        ...inside('data', 'trainQuestions', recipe.data.trainQuestions),
        ...inside('data', 'validationQuestions', recipe.data.validationQuestions),
        ...(recipe.data.webshop === undefined
          ? {}
          : {
              webshop: {
                ...recipe.data.webshop,
                ...inside('data.webshop', 'catalogue', recipe.data.webshop.catalogue),
              },
            }),
        evalQuestions: recipe.data.evalQuestions.map((set) => ({
          ...set,
          path: absolute('data.evalQuestions', set.path),
        })),
      },
      retriever: { ...recipe.retriever, ...inside('retriever', 'path', recipe.retriever.path) },
      student: { ...recipe.student, ...model('student', recipe.student.path) },
      teacher: {
        ...recipe.teacher,
        ...model('teacher', recipe.teacher.path),
        ...inside('teacher', 'tokenizer', recipe.teacher.tokenizer),
      },
    }),
    sft: (recipe: SftRecipe): SftRecipe => {
      const folder = absolute('model', recipe.model);
      return {
        ...recipe,
        outputDir: outputDir(recipe),
        // What looks like org/name and is no file here is a name on the hub.
        model: /^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(recipe.model) && !existsSync(folder) ? recipe.model : folder,
        data: {
          ...recipe.data,
          train: absolute('data.train', recipe.data.train),
          ...inside('data', 'test', recipe.data.test),
        },
      };
    },
  };
}

interface ProblemContext {
  chain: RecipeChain;
  overrides: readonly RecipeOverride[];
  kind: RecipeKind;
  /** As it stands in the recipe. */
  method: unknown;
}

function problem(issues: readonly z.core.$ZodIssue[], context: ProblemContext): ConfigError {
  // A misspelt key often makes another one missing: name the misspelling.
  const issue = issues.find((candidate) => candidate.code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) return new ConfigError('the recipe is not valid', { where: context.chain[0].path });
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...writtenPath(issue.path, context), ...(unknownKey === undefined ? [] : [unknownKey])];
  const message = unknownKey === undefined ? describeIssue(issue, path) : describeUnknownKey(path, context.kind);
  const places = new Set(issues.map((candidate) => writtenPath(candidate.path, context).join('.')));
  const others = places.size === 1 ? '' : ` (and ${places.size - 1} more)`;
  return new ConfigError(`${message}${others}`, { where: location(path, context) });
}

/** Where a key stands in the file: the stages of a named method are made from the sections `distill` and `rl`. */
function writtenPath(path: readonly PropertyKey[], { kind, method }: ProblemContext): string[] {
  const names = path.map(String);
  return kind === 'agent' && method !== 'pipeline' && names[0] === 'stages' && names.length > 2
    ? names.slice(2)
    : names;
}

function describeUnknownKey(path: readonly string[], kind: RecipeKind): string {
  const section = path.slice(0, -1);
  const candidates = Object.keys(schemaAt(section, kind)?.properties ?? {});
  const name = path.at(-1) ?? '';
  const nearest = nearestName(name, candidates);
  const place = section.length === 0 ? 'a recipe' : `"${section.join('.')}"`;
  const hint = nearest === undefined ? `it has ${candidates.join(', ')}` : `did you mean "${nearest}"?`;
  return `${place} has no key "${name}"; ${hint}`;
}

function describeIssue(issue: z.core.$ZodIssue, path: readonly string[]): string {
  if (issue.code === 'custom') return `${path.join('.')} ${issue.message}`;
  const text = issue.message.replace(/^(Invalid input|Invalid option|Too small|Too big): /, '');
  return `${path.join('.')}: ${text}`;
}

function schemaAt(path: readonly string[], kind: RecipeKind): JsonSchemaNode | undefined {
  return path.reduce<JsonSchemaNode | undefined>(
    (node, name) => (/^\d+$/.test(name) ? node?.items : node?.properties?.[name]),
    recipeJsonSchema(kind),
  );
}

/** The flag that set this key, or else the place of the key, or of its nearest enclosing section, in the file that has it. */
function location(path: readonly string[], { chain, overrides }: ProblemContext): string {
  const key = path.join('.');
  const override = overrides.findLast(
    (candidate) =>
      candidate.path === key || key.startsWith(`${candidate.path}.`) || candidate.path.startsWith(`${key}.`),
  );
  return override?.flag ?? placeIn(fileOf(chain, path), path);
}
