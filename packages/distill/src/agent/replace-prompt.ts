import { DatasetError, type Segment, type Trajectory } from '@dgpo/trajectory';

/**
 * A teacher's trajectory with another prompt, such as the short one of the student in place of the teacher's with worked examples. Turns
 * and observations keep their tokens. The policy's log-probabilities go: they were those under the other prompt.
 * @param prompt encoded, such as the first segment of `environment.start({ task, tokenizer })` of the student's environment
 * @throws DatasetError when the trajectory does not begin with a prompt, or the new one is empty
 */
export function replacePrompt(
  trajectory: Trajectory,
  prompt: { text: string; tokenIds?: readonly number[] },
): Trajectory {
  const where = `trajectory ${trajectory.id}`;
  const { text, tokenIds = [] } = prompt;
  if (tokenIds.length === 0) throw new DatasetError('the new prompt has no token ids', { where });
  const first = trajectory.segments.findIndex(({ kind }) => kind !== 'prompt');
  const rest = first < 0 ? [] : trajectory.segments.slice(first);
  if (rest.length === trajectory.segments.length) throw new DatasetError('it does not begin with a prompt', { where });
  const segments: Segment[] = [
    { kind: 'prompt', text, tokenIds: [...tokenIds] },
    ...rest.map(({ logProbs: _, ...segment }) => segment),
  ];
  return { ...trajectory, segments };
}
