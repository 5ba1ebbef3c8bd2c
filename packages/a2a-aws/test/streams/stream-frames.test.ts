import { TaskState } from '@a2a-js/sdk';
import { expect, test } from 'vitest';
import { message, statusOf, taskOf, WORKING } from '../../../core/test/fixtures/events.ts';
import { CURSOR_KEY, GAP_KEY, GENERATION_KEY } from '../../src/streams/extension.ts';
import { eventFrames, messageFrame, taskFrame } from '../../src/streams/stream-frames.ts';

const FOREIGN = { [CURSOR_KEY]: 'other', [GENERATION_KEY]: 77, [GAP_KEY]: { from: 2, to: 9 } };

test.each([
  ['with other metadata', { ...FOREIGN, own: 1 }, { own: 1 }],
  ['without other metadata', FOREIGN, undefined],
])(
  '[I3] the cursors of another server, in what an agent forwards %s, are not told',
  (_, given, told) => {
    const task = taskOf(WORKING, { metadata: given });
    const frames = [
      ...(task.kind === 'task' ? [taskFrame(task.data)] : []),
      messageFrame({ ...message('m-1'), metadata: given }),
      ...eventFrames(statusOf(WORKING, undefined, given), TaskState.TASK_STATE_WORKING),
      ...eventFrames(task, TaskState.TASK_STATE_WORKING),
    ];
    expect(frames.map(({ payload }) => payload?.value.metadata)).toEqual([told, told, told, told]);
  },
);
