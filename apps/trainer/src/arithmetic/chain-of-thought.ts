import { supportingTitles, type Task } from '@dgpo/trajectory';
import { listed, planOf, planSentence } from './arithmetic-plan.js';
import type { ArithmeticWorld } from './arithmetic-world.js';
import { calculate } from './calculate.js';

/**
 * What a teacher without tools would write: its plan, a blank line, the facts from memory and what follows from them, a blank line,
 * the answer. `chainOfThoughtTrajectory` of `@dgpo/distill/agent` reads it, and its first paragraph is the first-thought prefix.
 * @throws DatasetError when the task is none of arithmetic over the demo world
 */
export function arithmeticChainOfThought({ task, world }: { task: Task; world: ArithmeticWorld }): string {
  const plan = planOf(task);
  const { operation, field, countries } = plan;
  const names = supportingTitles(task);
  const numbers = names.map((name) => world.numbers.get(name)?.[field] ?? 0);
  const described = names.filter((_, index) => countries[index]?.by !== 'name');
  const recalled = described.length === 0 ? '' : `It is ${listed(described)}. `;
  const facts = listed(names.map((name, index) => `${name} has ${numbers[index]}`));
  const { expression, answer } = calculate({ operation, numbers, names });
  const compared = `${Math.max(...numbers)} is more than ${Math.min(...numbers)}`;
  const result = operation === 'comparison' ? compared : `${expression} = ${answer}`;
  return `${planSentence(plan)}\n\n${recalled}${facts}. ${result}.\n\n<answer>${answer}</answer>`;
}
