import type { CodeLanguage, CodeTool } from './code-interpreter.js';

const names: Record<CodeLanguage, string> = { python: 'Python', javascript: 'JavaScript' };

const scope: Record<CodeLanguage, string[]> = {
  python: [],
  javascript: [
    'Declare them with var: a name of let, const or class can never be declared again, nor given a value after its declaration failed. ' +
      'Functions give their results at once, without await.',
  ],
};

/** The prompt of {@link createCodeEnvironment}: the form of a turn, the tools, and where the question stands. */
export function defaultCodePrompt(options: {
  language: CodeLanguage;
  tools: readonly CodeTool[];
  maxSteps: number;
}): string {
  const { language, tools, maxSteps } = options;
  const print = language === 'python' ? 'print(...)' : 'console.log(...)';
  const listed = tools.map(
    ({ name, parameters, description }) => `- ${name}(${parameters.join(', ')}): ${description}`,
  );
  return [
    `Answer the question below with ${names[language]}, in at most ${maxSteps} steps.`,
    'In every step write a thought about what to do next, then code, in this form:',
    'Thought: what you know and what you do now',
    'Code:',
    `\`\`\`${language}`,
    print,
    '```<end_code>',
    `After each step you read what the code printed and its last value. Variables keep their values from step to step.`,
    ...scope[language],
    'These functions are there:',
    ...listed,
    '- final_answer(answer): gives the answer and ends the task',
    'Question: {question}\n',
  ].join('\n');
}

/** What is read after the error of code. */
export function defaultErrorAdvice(language: CodeLanguage): string {
  const kept = 'Mend this in the next step; what earlier steps defined is kept.';
  return language === 'python' ? kept : `${kept} Names of let, const and class are taken: use var and another name.`;
}

/** What is read after a turn without code. */
export function noCodeMessage(text: string, language: CodeLanguage): string {
  const form = `Thought: your thought\nCode:\n\`\`\`${language}\nyour code\n\`\`\`${'<end_code>'}`;
  const wantsToAnswer = /final/i.test(text) && /answer/i.test(text);
  const advice = wantsToAnswer
    ? 'To give the answer, call final_answer inside a block of code'
    : 'Write a thought and a complete block of code';
  return `Error:\nNo code was found in this step. ${advice}, in this form:\n${form}`;
}
