import { isDeepStrictEqual } from 'node:util';
import { createRandom, EnvironmentError, type Random, type Task } from '@dgpo/trajectory';
import type { PlainData, TextWorld, WorldStep } from '../text-world/text-world.js';

export interface CheckTextWorldOptions<State extends PlainData> {
  world: TextWorld<State>;
  /** At least one. */
  tasks: readonly Task[];
  /** Commands of a random episode. @default 30 */
  steps?: number;
  /** Commands within which the expert must be done. @default 50 */
  maxExpertSteps?: number;
  /** Share of the random commands that are admissible. @default 0.7 */
  admissibleShare?: number;
  /** @default 0 */
  seed?: number;
}

/** A command of a random episode, and what it did. */
interface Played<State> {
  command: string;
  step: WorldStep<State>;
}

const oddities = ['', ' ', '\n', '__proto__', 'constructor', 'toString', '[', 'a[', '$&', '\\', '\u0000', '🗼', '{}'];

/** A command that no list of the world holds, mostly close to one that some list does. */
function oddCommand(random: Random, admissible: readonly string[]): string {
  const near = admissible.length === 0 ? 'look' : random.pick(admissible);
  const noise = Array.from({ length: random.integer(6) }, () => String.fromCodePoint(random.integer(0xd7ff))).join('');
  return random.pick([
    random.pick(oddities),
    noise,
    near.toUpperCase(),
    ` ${near} `,
    near.slice(0, random.integer(near.length + 1)),
    `${near} ${near}`,
    `${near}${noise}`,
    near.repeat(1000),
  ]);
}

/**
 * Holds a world against the contract of {@link TextWorld}, each task in one random episode and one of the expert:
 * - a task starts the same every time, and states survive JSON
 * - a step leaves its state as it is, and gives the same again from a stored state, also in the middle of an episode
 * - admissible commands are sorted and distinct, and each is carried out
 * - other commands never throw
 * - rewards are from 0 to 1, and the expert gets 1 and `correct` in time by commands that are carried out
 * @throws EnvironmentError naming the first rule that does not hold, with its task and command.
 */
export function checkTextWorld<State extends PlainData>(options: CheckTextWorldOptions<State>): void {
  const { world, tasks, steps = 30, maxExpertSteps = 50, admissibleShare = 0.7, seed = 0 } = options;
  if (tasks.length === 0) throw new EnvironmentError('no task to check it with', { where: world.name });
  for (const task of tasks) {
    const where = `world ${world.name}, task ${task.id}`;
    const require = (holds: boolean, rule: string) => {
      if (!holds) throw new EnvironmentError(rule, { where });
    };
    const show = (command: string) => JSON.stringify(command.length > 80 ? `${command.slice(0, 80)}…` : command);

    const store = (state: State): State => {
      const copy = JSON.parse(JSON.stringify(state)) as State;
      require(isDeepStrictEqual(copy, state), 'a state does not survive JSON');
      return copy;
    };

    const take = (state: State, command: string): WorldStep<State> => {
      const before = JSON.stringify(state);
      let step: WorldStep<State>;
      try {
        step = world.step(state, command);
      } catch (cause) {
        throw new EnvironmentError(`step must not throw, but did for ${show(command)}`, { where, cause });
      }
      require(JSON.stringify(state) ===
        before, `step must not change the state it is given, but did for ${show(command)}`);
      const { result } = step;
      require(result === null ||
        (result.reward >= 0 && result.reward <= 1), `a reward must be from 0 to 1, but is ${result?.reward}`);
      return step;
    };

    const admissibleNow = (state: State): string[] => {
      const before = JSON.stringify(state);
      const commands = world.admissibleCommands(state);
      const sorted = [...new Set(commands)].sort();
      require(isDeepStrictEqual(commands, sorted), 'admissible commands must be sorted, each once');
      for (const command of commands) {
        require(take(state, command)
          .executed, `an admissible command must be carried out, but ${show(command)} was not`);
      }
      require(JSON.stringify(state) === before, 'admissibleCommands must not change the state it is given');
      return commands;
    };

    const first = world.start(task);
    require(isDeepStrictEqual(world.start(task), first), 'a task must start the same every time');

    const random = createRandom(seed).split('check', task.id);
    const played: Played<State>[] = [];
    const stored = [store(first.state)];
    for (let state = first.state; played.length < steps; ) {
      const admissible = admissibleNow(state);
      const isAdmissible = admissible.length > 0 && random.next() < admissibleShare;
      const command = isAdmissible ? random.pick(admissible) : oddCommand(random, admissible);
      const step = take(state, command);
      played.push({ command, step });
      stored.push(store(step.state));
      if (step.result !== null) break;
      state = step.state;
    }

    for (const begin of [0, Math.floor(played.length / 2)]) {
      let state = begin === 0 ? world.start(task).state : stored[begin];
      for (const { command, step } of played.slice(begin)) {
        if (state === undefined) break;
        const again = take(state, command);
        const from = begin === 0 ? 'from the start' : 'from a stored state';
        require(isDeepStrictEqual(again, step), `played again ${from}, ${show(command)} must do the same`);
        state = again.state;
      }
    }

    let expert: { state: State; result: WorldStep<State>['result'] } = { state: first.state, result: null };
    for (let count = 0; expert.result === null && count < maxExpertSteps; count++) {
      const before = JSON.stringify(expert.state);
      const command = world.expert(expert.state);
      require(JSON.stringify(expert.state) === before, 'expert must not change the state it is given');
      const step = take(expert.state, command);
      require(step.executed, `the expert's command must be carried out, but ${show(command)} was not`);
      expert = step;
    }
    const { result } = expert;
    require(result !== null, `the expert must be done within ${maxExpertSteps} commands`);
    require(result?.correct === true && result.reward === 1, `the expert must get reward 1, but got ${result?.reward}`);
  }
}
