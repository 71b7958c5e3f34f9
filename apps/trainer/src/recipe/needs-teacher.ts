import type { Recipe, Stage } from './recipe-schema.js';

/** Whether a stage learns from a teacher. */
export function needsTeacher({ distill, rl }: Stage): boolean {
  if (distill !== undefined) return distill.objective !== 'sft' || distill.demonstrator === 'teacher';
  return rl !== undefined && rl.guidance.gate !== 'never' && rl.guidance.reference === 'teacher';
}

/** Whether a run holds a teacher on this machine. */
export function hasTeacherHere({ teacher, stages }: Pick<Recipe, 'teacher' | 'stages'>): boolean {
  return teacher.kind !== 'server' && (teacher.kind !== 'scripted' || stages.some(needsTeacher));
}
