import type { MethodConflict, RawRecipe } from './expand-method.js';
import { isTree } from './key-trees.js';
import { teacherSchema } from './model-sections.js';

/** The kind that reads a key; keys that are not here say nothing that another kind could be thought to do. */
const readers: Readonly<Record<string, string>> = {
  path: 'model',
  lora: 'scripted',
  ...Object.fromEntries(
    ['url', 'api', 'continueFinalMessage', 'name', 'tokenizer', 'topK', 'apiKeyVariable'].map((key) => [key, 'server']),
  ),
};

const { shape } = teacherSchema;

/** What a key is where a recipe does not give it. */
function defaultOf(key: string): unknown {
  const field = Object.hasOwn(shape, key) ? shape[key as keyof typeof shape] : undefined;
  const parsed = field?.safeParse(undefined);
  return parsed?.success ? parsed.data : undefined;
}

/** Keys of the section `teacher` that its kind, or the API of its server, does not read; defaults do not count. */
export function teacherConflictsOf({ teacher }: RawRecipe): MethodConflict[] {
  if (!isTree(teacher)) return [];
  const { kind = 'scripted', api } = teacher;
  // What is no kind is the schema's to explain.
  if (!shape.kind.safeParse(kind).success) return [];
  const isChat = kind === 'server' && api === 'chat';
  return Object.entries(teacher).flatMap(([key, value]): MethodConflict[] => {
    if (!Object.hasOwn(readers, key) || value === undefined || value === defaultOf(key)) return [];
    const path = ['teacher', key];
    if (readers[key] !== kind) return [{ path, message: `has no effect with kind: ${kind}` }];
    if (isChat && ['tokenizer', 'topK'].includes(key)) return [{ path, message: 'has no effect with api: chat' }];
    if (!isChat && key === 'continueFinalMessage') return [{ path, message: 'has no effect without api: chat' }];
    return [];
  });
}
