import { readFileSync } from 'node:fs';
import type { LogRecord } from '@a2a-aws/core';
import { asGeneration } from '@a2a-aws/core/internal';
import { StreamResponse } from '@a2a-js/sdk';
import { A2AError } from '@a2a-js/sdk/errors';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import type { TaskEvent } from '../../../core/src/a2a/event.ts';
import type { Entry } from '../../../core/src/model/entry.ts';
import { KEY } from '../../../core/test/fixtures/events.ts';
import { logOf, start } from '../../../core/test/fixtures/records.ts';
import { Cursors } from '../../src/streams/cursor.ts';
import {
  CURSOR_KEY,
  GAP_KEY,
  GENERATION_KEY,
  RESUMABLE_STREAMS,
} from '../../src/streams/extension.ts';
import type { Frame } from '../../src/streams/frame.ts';
import { Presenter } from '../../src/streams/presenter.ts';
import type { StreamPosition } from '../../src/streams/stream-position.ts';
import { StoredTask } from '../fixtures/stored-task.ts';

/** One exchange of the vectors. */
interface StreamVector {
  readonly name: string;
  /** The events that are stored when the client subscribes. */
  readonly stored: number;
  /** The first and the last event that are not kept any more. */
  readonly expired?: readonly [number, number];
  readonly cursor: string | null;
  readonly frames?: readonly string[];
  readonly end?: 'open' | 'ended';
  readonly error?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Vectors {
  readonly uri: string;
  readonly events: readonly unknown[];
  readonly streams: readonly StreamVector[];
  readonly frames: { readonly event: unknown; readonly gap: unknown };
}

const file = new URL('../../../../docs/vectors/resumable-streams.json', import.meta.url);
const text = readFileSync(file, 'utf8')
  .replaceAll('$task', KEY.taskId)
  .replaceAll('$context', 'context-1')
  .replaceAll('$uri', RESUMABLE_STREAMS);
const { uri, events, streams, frames } = JSON.parse(text) as Vectors;

/** Each event in a record of its own: a first message, and the answer to a question. */
function logWith(count: number): LogRecord[] {
  const said = events.slice(0, count).map((json) => {
    const { payload } = StreamResponse.fromJSON(json);
    return { kind: payload?.$case, data: payload?.value } as TaskEvent;
  });
  const records = said.map((event, at): Entry[] => [
    { kind: 'event', run: at < 4 ? 'run-1' : 'run-2', event },
  ]);
  const first = records.slice(0, 4);
  const ended: Entry[] = [{ kind: 'end', run: 'run-1' }];
  const answer = count > 4 ? [[start('run-2')], ...records.slice(4)] : [];
  return logOf([start('run-1')], ...first, ended, ...answer);
}

/** The records without events before the record of each event. */
const PARTS: Readonly<Record<number, number>> = { 1: 1, 5: 2 };

/** The cursor of a client that got this event. */
function cursorAfter(event: number, taskId: string = KEY.taskId): string {
  const position: StreamPosition = {
    slot: { generation: asGeneration(event), part: PARTS[event] ?? 0 },
    events: 1,
    frames: 0,
  };
  return new Cursors({ ...KEY, taskId }).encode(position);
}

function cursorOf(given: string): string {
  const [, event, other] = /^event (\d)( of another task)?$/.exec(given) ?? [];
  return event === undefined ? given : cursorAfter(Number(event), other ? 'task-2' : undefined);
}

const presenter = (): Presenter =>
  new Presenter(KEY, new ServerCallContext({ requestedExtensions: [uri] }), undefined);

function summary(frame: Frame): string {
  const [{ payload } = { payload: undefined }] = presenter().present([frame]);
  const metadata = payload?.value.metadata ?? {};
  const gap = metadata[GAP_KEY] as { from: number; to: number } | undefined;
  expect(metadata[CURSOR_KEY]).toEqual(expect.any(String));
  if (gap) return `gap ${gap.from}-${gap.to}`;
  return `${payload?.$case}@${metadata[GENERATION_KEY]}`;
}

/** Plays one exchange; resolves with the part of it that the client sees. */
async function exchange({ stored, expired, cursor }: StreamVector): Promise<Partial<StreamVector>> {
  const task = await StoredTask.of(logWith(stored));
  // The record of the start comes before that of the first event.
  if (expired) task.expire(expired[1] + 1);
  try {
    const seen =
      cursor === null
        ? await task.subscribe()
        : await task.resume(presenter().position(cursorOf(cursor)));
    if (seen.outcome instanceof Error) throw seen.outcome;
    const end = seen.outcome === 'ended' ? 'ended' : 'open';
    return { frames: seen.frames.map(summary), end };
  } catch (error) {
    if (!(error instanceof A2AError)) throw error;
    const { metadata } = error;
    return metadata === undefined
      ? { error: error.reason }
      : { error: error.reason, metadata: metadata as Record<string, string> };
  }
}

describe('the test vectors of the extension', () => {
  test('are about this extension', () => {
    expect(uri).toBe(RESUMABLE_STREAMS);
  });

  test.each(streams)('[I3] $name', async (vector) => {
    const { frames: told, end, error, metadata } = vector;
    const seen = await exchange(vector);
    if (error) expect(seen).toEqual(metadata ? { error, metadata } : { error });
    else expect(seen).toEqual({ frames: told, end });
  });

  test('show the frame of an event and that of a gap', async () => {
    const last = await (await StoredTask.of(logWith(6))).resume(
      presenter().position(cursorAfter(5)),
    );
    const gone = await StoredTask.of(logWith(4));
    gone.expire(4);
    const [gap] = (await gone.resume(presenter().position(cursorAfter(1)))).frames;
    const shown = Array.from(presenter().present([...last.frames, gap as Frame]), (response) => {
      const json = StreamResponse.toJSON(response);
      return JSON.parse(JSON.stringify(json).replace(/("[^"]+\/cursor":)"[^"]+"/, '$1"$cursor"'));
    });
    expect(shown).toEqual([frames.event, frames.gap]);
  });
});
