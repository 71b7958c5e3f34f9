import type { CodeLanguage } from './code-interpreter.js';

/** What a turn says. */
export interface ParsedCode {
  /** What comes before the code, without its label. */
  thought: string;
  /** All fenced blocks, joined by an empty line; of a turn without a fence, the whole turn; null when neither can be code. */
  code: string | null;
  /** False when the whole turn was taken: such code counts only if it can be read as code. */
  fenced: boolean;
}

const tags: Record<CodeLanguage, string> = {
  python: 'python|py',
  javascript: 'javascript|js',
};

/** Ends of a turn, as the policy may write them. */
export const endOfCode = '<end_code>';
export const startOfObservation = 'Observation:';

/**
 * Calls of `final_answer` would fail once a variable has its name, so in code that does both the variable is called
 * `final_answer_variable`. Source: `fix_final_answer_code` of smolagents.
 */
function renameAnswerVariable(code: string): string {
  const assigns = /(?<![.\w])final_answer\s*=(?!=)/.test(code);
  const calls = /(?<![.\w])final_answer\s*\(/.test(code);
  return assigns && calls ? code.replace(/(?<![.\w])final_answer\b(?!\s*\()/g, 'final_answer_variable') : code;
}

/**
 * The thought and the code of a turn: fenced blocks with the language's tag or none. Never throws.
 * Source: `parse_code_blobs` of smolagents.
 */
export function parseCode(text: string, language: CodeLanguage = 'python'): ParsedCode {
  const cut = text.indexOf(startOfObservation, 1);
  const turn = (cut < 0 ? text : text.slice(0, cut)).replaceAll(endOfCode, '').replaceAll('\r\n', '\n');
  const fence = new RegExp(`\`\`\`(?:${tags[language]})?[ \\t]*\\n([\\s\\S]*?)\`\`\``, 'g');
  const blocks = [...turn.matchAll(fence)];
  const [first] = blocks;
  if (first !== undefined) {
    const code = blocks.map(([, body = '']) => body.trim()).filter((body) => body !== '');
    const thought = turn
      .slice(0, first.index)
      .trim()
      .replace(/^Thought:\s*/, '')
      .replace(/\s*\bCode:$/, '');
    return { thought, code: code.length === 0 ? null : renameAnswerVariable(code.join('\n\n')), fenced: true };
  }
  const bare = turn.trim();
  const isCode = bare !== '' && !bare.includes('```') && !/^(?:Thought|Code):/.test(bare);
  return {
    thought: isCode ? '' : bare.replace(/^Thought:\s*/, ''),
    code: isCode ? renameAnswerVariable(bare) : null,
    fenced: false,
  };
}
