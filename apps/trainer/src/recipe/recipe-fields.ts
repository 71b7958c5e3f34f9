import { z } from 'zod';
import { type RecipeKind, recipeInputSchemas } from './recipe-kinds.js';

/** The part of JSON Schema (draft 2020-12) that recipes use. */
export interface JsonSchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, JsonSchemaNode>;
  items?: JsonSchemaNode;
  required?: readonly string[];
  [key: string]: unknown;
}

/** One key of a recipe. */
export interface RecipeField {
  /** Dotted path, such as `rl.guidance.beta`. */
  path: string;
  /** `section` has keys of its own. */
  type: 'section' | 'string' | 'integer' | 'number' | 'boolean' | 'list';
  description: string;
  /** Allowed values, in words. Empty when every value of the type is allowed. */
  range: string;
  /** Undefined when absent means "not set". */
  defaultValue: unknown;
}

/** The JSON schema of a recipe as a user writes it, for editors (`# yaml-language-server: $schema=…`). */
export function recipeJsonSchema(kind: RecipeKind = 'agent'): JsonSchemaNode {
  return z.toJSONSchema(recipeInputSchemas[kind], { io: 'input' }) as JsonSchemaNode;
}

function fieldType(node: JsonSchemaNode): RecipeField['type'] {
  if (node.properties !== undefined) return 'section';
  if (node.type === 'array') return 'list';
  if (node.type === 'integer' || node.type === 'number' || node.type === 'boolean') return node.type;
  return 'string';
}

function rangeInWords(node: JsonSchemaNode): string {
  if (node.enum !== undefined) return node.enum.join(', ');
  const largest = node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER ? node.maximum : undefined;
  const parts = [
    node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER ? `≥ ${node.minimum}` : '',
    node.exclusiveMinimum === undefined ? '' : `> ${node.exclusiveMinimum}`,
    largest === undefined ? '' : `≤ ${largest}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function collect(node: JsonSchemaNode, prefix: string): RecipeField[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const type = fieldType(child);
    const field: RecipeField = {
      path,
      type,
      description: child.description ?? '',
      range: rangeInWords(child),
      defaultValue: type === 'section' ? undefined : child.default,
    };
    return [field, ...collect(child, path)];
  });
}

/** Every key of a recipe in the order of the schema, sections before their keys. */
export function recipeFields(kind: RecipeKind = 'agent'): RecipeField[] {
  return collect(recipeJsonSchema(kind), '');
}
