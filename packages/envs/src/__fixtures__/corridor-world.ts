import { DatasetError, type Task } from '@dgpo/trajectory';
import type { TextWorld } from '../text-world/text-world.js';

/** Where the walker is, whether it holds the key, and where the door is. */
export type CorridorState = { place: number; hasKey: boolean; door: number; isOver: boolean };

/** A corridor with a key at place 0 and a door at its other end, `metadata.length` places away: a world small enough to know by heart. */
export const corridorWorld: TextWorld<CorridorState> = {
  name: 'corridor',
  instructions: 'You are in a corridor. Take the key and leave by the door. Commands: go left, go right, take key, leave.',
  start(task) {
    const door = task.metadata?.length;
    if (typeof door !== 'number') throw new DatasetError('has no length', { where: `task ${task.id}` });
    return {
      state: { place: 1, hasKey: false, door, isOver: false },
      observation: 'You are at place 1. Your task is to leave the corridor.',
    };
  },
  step(state, command) {
    if (state.isOver || !corridorWorld.admissibleCommands(state).includes(command)) {
      return { state, observation: 'Nothing happens.', executed: false, result: null };
    }
    if (command === 'leave') {
      const won = state.hasKey;
      const observation = won ? 'The door opens. You are out.' : 'You break the door.';
      return {
        state: { ...state, isOver: true },
        observation,
        executed: true,
        result: { correct: won, reward: won ? 1 : 0.25 },
      };
    }
    const moved = { 'go left': state.place - 1, 'go right': state.place + 1 }[command] ?? state.place;
    const next = { ...state, place: moved, hasKey: state.hasKey || command === 'take key' };
    const observation = command === 'take key' ? 'You have the key.' : `You are at place ${moved}.`;
    return { state: next, observation, executed: true, result: null };
  },
  admissibleCommands({ place, hasKey, door, isOver }) {
    if (isOver) return [];
    return [
      ...(place > 0 ? ['go left'] : []),
      ...(place < door ? ['go right'] : []),
      ...(place === door ? ['leave'] : []),
      ...(place === 0 && !hasKey ? ['take key'] : []),
    ];
  },
  expert({ place, hasKey, door }) {
    if (!hasKey) return place === 0 ? 'take key' : 'go left';
    return place === door ? 'leave' : 'go right';
  },
};

export const corridorTask = (length: number): Task => ({
  id: `corridor-${length}`,
  question: 'leave the corridor',
  goldenAnswers: [],
  metadata: { length },
});
