/** What these checks read of a recipe. */
interface LoraUse {
  student: { path?: string | undefined; lora?: object | undefined };
  teacher: { lora?: object | undefined };
  pretrain?: object | undefined;
}

/** What a recipe asks of adapters that they cannot give. */
export function loraProblems({ student, teacher, pretrain }: LoraUse): { path: string[]; message: string }[] {
  const needsBase = 'needs student.lora: the adapters of the teacher run on the frozen weights of the student';
  const needsWeights =
    'adapts weights that have learned something; give student.path, or pretrain so that a fresh model learns to read first';
  return [
    ...(teacher.lora !== undefined && student.lora === undefined
      ? [{ path: ['teacher', 'lora'], message: needsBase }]
      : []),
    ...(student.lora !== undefined && student.path === undefined && pretrain === undefined
      ? [{ path: ['student', 'lora'], message: needsWeights }]
      : []),
  ];
}
