import type { Tokenizer } from '@dgpo/lm';
import { ConfigError, isDgpoError } from '@dgpo/trajectory';

const cut = 'Which city is the capital of Côte d’Ivoire?\n  한국, 1984 <answer>';

/** The bytes of a token, each as a Latin letter; some vocabularies have ids without any. */
function textOf(tokenizer: Tokenizer, id: number): string {
  try {
    return JSON.stringify(Buffer.from(tokenizer.tokenBytes(id)).toString('latin1'));
  } catch (error) {
    if (isDgpoError(error)) return 'no token';
    throw error;
  }
}

/**
 * @throws ConfigError unless every id stands for the same bytes, the same tags are special, and a text is cut alike
 */
export function requireSameIds(options: { student: Tokenizer; teacher: Tokenizer; where: string }): void {
  const { student, teacher, where } = options;
  const fail = (what: string): never => {
    throw new ConfigError(`the tokenizer of the teacher is not the student’s: ${what}`, { where });
  };
  if (student.vocabularySize !== teacher.vocabularySize) {
    fail(`it has ${teacher.vocabularySize} ids, the student’s ${student.vocabularySize}`);
  }
  for (let id = 0; id < student.vocabularySize; id++) {
    const [own, other] = [textOf(student, id), textOf(teacher, id)];
    if (own !== other) fail(`id ${id} is ${other}, the student’s ${own}`);
  }
  const special = ({ specialTokens }: Tokenizer) =>
    Object.keys(specialTokens)
      .sort()
      .map((name) => `${name} ${specialTokens[name]}`);
  const [own, other] = [special(student), special(teacher)];
  const different = [...own.filter((one) => !other.includes(one)), ...other.filter((one) => !own.includes(one))];
  if (different.length > 0) fail(`only one of them has the special token ${different[0]}`);
  const [ours, theirs] = [student, teacher].map((one) => one.encode(cut, { allowSpecial: true }).join(', '));
  if (ours !== theirs) fail(`it cuts ${JSON.stringify(cut)} into ${theirs}, the student’s into ${ours}`);
}
