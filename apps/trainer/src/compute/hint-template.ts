import { hintPromptTemplate, hintsOf, renderHints } from '@dgpo/distill/hints';
import type { TextPromptTemplate } from '@dgpo/envs';

/**
 * The prompt of a text world with the hints of its task, if it carries some, before what is seen first; otherwise the prompt of the
 * template alone.
 *
 * @param template text with `{observation}` in it. @default the environment's own
 */
export function hintTemplate(template?: string): TextPromptTemplate {
  if (template === undefined) return hintPromptTemplate;
  return ({ task, observation, ...parts }) => {
    const block = renderHints(hintsOf(task));
    const seen = block === '' ? observation : `${block}\n\n${observation}`;
    const values: Record<string, string> = { ...parts, observation: seen, question: task.question };
    return template.replace(/\{(instructions|format|observation|question)\}/g, (_, name: string) => values[name] ?? '');
  };
}
