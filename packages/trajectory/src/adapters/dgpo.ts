import { describeIssues } from '../describe-issues.js';
import { DatasetError } from '../errors.js';
import { type Trajectory, trajectorySchema } from '../trajectory.js';
import { isFields, type LogAdapter } from './log-record.js';

/** Our own trajectory files. */
export const dgpo: LogAdapter = {
  expected: 'a trajectory of this project: an object with id, task, segments, actions and outcome',
  fits: (record) =>
    isFields(record) && isFields(record.task) && Array.isArray(record.segments) && Array.isArray(record.actions),
  toTrajectory(record): Trajectory {
    const parsed = trajectorySchema.safeParse(record);
    if (!parsed.success) throw new DatasetError(describeIssues(parsed.error), { cause: parsed.error });
    return parsed.data;
  },
};
