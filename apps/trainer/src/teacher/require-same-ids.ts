import type { Tokenizer } from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';

const cut = 'Which city is the capital of Côte d’Ivoire?\n  한국, 1984 <answer>';

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
  const text = (tokenizer: Tokenizer, id: number) => Buffer.from(tokenizer.tokenBytes(id));
  for (let id = 0; id < student.vocabularySize; id++) {
    const [own, other] = [text(student, id), text(teacher, id)];
    if (!own.equals(other))
      fail(`id ${id} is ${JSON.stringify(`${other}`)}, the student’s ${JSON.stringify(`${own}`)}`);
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
