import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { nearestName } from './nearest-name.js';
import { type JsonSchemaNode, recipeJsonSchema } from './recipe-fields.js';
import type { RecipeOverride } from './recipe-flags.js';
import { type Recipe, recipeSchema } from './recipe-schema.js';

/** Options of {@link loadRecipe}. */
export interface LoadRecipeOptions {
  /** A YAML (or JSON) file. */
  path: string;
  /** Values that replace those of the file, from `splitRecipeFlags`. @default [] */
  overrides?: readonly RecipeOverride[];
  /** Folder that paths given as flags and `outputDir` are relative to. @default process.cwd() */
  workingDirectory?: string;
}

/**
 * Reads, overrides and validates a recipe. Input paths come back absolute: those of the file are relative to its folder, those of
 * flags and `outputDir` to the working directory.
 *
 * @throws {ConfigError} with `file:line:column` or the flag, what is wrong, and the nearest valid name of an unknown key
 */
export async function loadRecipe(options: LoadRecipeOptions): Promise<Recipe> {
  const text = await readFile(options.path, 'utf8').catch((cause: unknown) => {
    throw new ConfigError('cannot read this recipe; is the path right?', { where: options.path, cause });
  });
  return parseRecipe({ ...options, text });
}

/** {@link loadRecipe} on text that was read already; `path` names it in messages and anchors relative paths. */
export function parseRecipe(options: LoadRecipeOptions & { text: string }): Recipe {
  const { text, path, overrides = [], workingDirectory = process.cwd() } = options;
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    const { line, col } = lineCounter.linePos(syntaxError.pos[0]);
    throw new ConfigError(syntaxError.message, { where: `${path}:${line}:${col}`, cause: syntaxError });
  }
  const input: unknown = document.toJS() ?? {};
  if (typeof input !== 'object' || Array.isArray(input)) {
    throw new ConfigError('a recipe is a YAML mapping of keys to values', { where: `${path}:1:1` });
  }
  const merged = overrides.reduce(
    (recipe, override) => setAtPath(recipe, override.path.split('.'), override.value),
    input as Record<string, unknown>,
  );
  const result = recipeSchema.safeParse(merged);
  if (result.success) return withAbsolutePaths(result.data, { path, overrides, workingDirectory });
  throw problem(result.error.issues, { document, lineCounter, path, overrides });
}

type JsonObject = Record<string, unknown>;

function setAtPath(target: JsonObject, [name = '', ...rest]: readonly string[], value: unknown): JsonObject {
  const child = target[name];
  const inner = typeof child === 'object' && child !== null && !Array.isArray(child) ? (child as JsonObject) : {};
  return { ...target, [name]: rest.length === 0 ? value : setAtPath(inner, rest, value) };
}

function withAbsolutePaths(
  recipe: Recipe,
  context: { path: string; overrides: readonly RecipeOverride[]; workingDirectory: string },
): Recipe {
  const absolute = (key: string, value: string) => {
    const fromFlag = context.overrides.some((override) => override.path === key || key.startsWith(`${override.path}.`));
    return resolve(context.workingDirectory, fromFlag ? '' : dirname(context.path), value);
  };
  const { corpus, trainQuestions, evalQuestions } = recipe.data;
  return {
    ...recipe,
    outputDir: resolve(context.workingDirectory, recipe.outputDir),
    data: {
      ...recipe.data,
      ...(corpus === undefined ? {} : { corpus: absolute('data.corpus', corpus) }),
      ...(trainQuestions === undefined ? {} : { trainQuestions: absolute('data.trainQuestions', trainQuestions) }),
      evalQuestions: evalQuestions.map((set) => ({ ...set, path: absolute('data.evalQuestions', set.path) })),
    },
    student: {
      ...recipe.student,
      ...(recipe.student.path === undefined ? {} : { path: absolute('student.path', recipe.student.path) }),
    },
    teacher: {
      ...recipe.teacher,
      ...(recipe.teacher.path === undefined ? {} : { path: absolute('teacher.path', recipe.teacher.path) }),
    },
  };
}

interface ProblemContext {
  document: Document;
  lineCounter: LineCounter;
  path: string;
  overrides: readonly RecipeOverride[];
}

function problem(issues: readonly z.core.$ZodIssue[], context: ProblemContext): ConfigError {
  // A misspelt key often makes another one missing: name the misspelling.
  const issue = issues.find((candidate) => candidate.code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) return new ConfigError('the recipe is not valid', { where: context.path });
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...issue.path.map(String), ...(unknownKey === undefined ? [] : [unknownKey])];
  const message = unknownKey === undefined ? describeIssue(issue, path) : describeUnknownKey(path);
  const others = issues.length === 1 ? '' : ` (and ${issues.length - 1} more)`;
  return new ConfigError(`${message}${others}`, { where: location(path, context) });
}

function describeUnknownKey(path: readonly string[]): string {
  const section = path.slice(0, -1);
  const candidates = Object.keys(schemaAt(section)?.properties ?? {});
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

function schemaAt(path: readonly string[]): JsonSchemaNode | undefined {
  return path.reduce<JsonSchemaNode | undefined>(
    (node, name) => (/^\d+$/.test(name) ? node?.items : node?.properties?.[name]),
    recipeJsonSchema(),
  );
}

/** The flag that set this key, or else the place of the key, or of its nearest enclosing section, in the file. */
function location(path: readonly string[], { document, lineCounter, path: file, overrides }: ProblemContext): string {
  const key = path.join('.');
  const override = overrides.findLast(
    (candidate) =>
      candidate.path === key || key.startsWith(`${candidate.path}.`) || candidate.path.startsWith(`${key}.`),
  );
  if (override !== undefined) return override.flag;
  let node: unknown = document.contents;
  let offset = 0;
  for (const name of path) {
    const next = child(node, name);
    if (next === undefined) break;
    offset = next.offset;
    node = next.node;
  }
  const { line, col } = lineCounter.linePos(offset);
  return `${file}:${line}:${col}`;
}

function child(node: unknown, name: string): { node: unknown; offset: number } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(name)] as Node | undefined;
    return item?.range ? { node: item, offset: item.range[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === name);
  return pair !== undefined && isScalar(pair.key) && pair.key.range
    ? { node: pair.value, offset: pair.key.range[0] }
    : undefined;
}
