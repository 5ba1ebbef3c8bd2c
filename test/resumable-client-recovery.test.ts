import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gapOf, memoryStore, type ResumableOptions, resumable } from '@a2a-aws/client';
import type { StreamResponse } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { BindingFleet } from './fixtures/binding-fleet.ts';
import { BINDINGS, clientAt } from './fixtures/clients.ts';
import { CuttingProxy } from './fixtures/cutting-proxy.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { PlainServer } from './fixtures/plain-server.ts';
import { get, send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts, type Turn } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { frameNames, pictureOfFrames } from './fixtures/task-picture.ts';

const timeout = 60_000;
const QUICK: ResumableOptions = { backoff: { firstMs: 5, maxMs: 400 }, maxAttempts: 60 };
let servers: BindingFleet;

beforeAll(async () => {
  servers = await BindingFleet.start();
}, timeout);
afterAll(() => servers.stop(), timeout);

/** One word per event, with its gap. */
function words(events: readonly StreamResponse[]): string[] {
  return events.map((event) => {
    const gap = gapOf(event);
    const mark = gap ? ` after gap ${gap.from ?? '?'}-${gap.to ?? '?'}` : '';
    return `${frameNames([event])}${mark}`;
  });
}

/** A store that keeps what was set, and lets a test replace it. */
function openStore(): { store: ReturnType<typeof memoryStore>; entries: Map<string, string> } {
  const entries = new Map<string, string>();
  const store = {
    get: async (key: string) => entries.get(key),
    set: async (key: string, value: string) => void entries.set(key, value),
    delete: async (key: string) => void entries.delete(key),
  };
  return { store, entries };
}

describe.each(BINDINGS)('over %s', (binding) => {
  test('[I3] a cursor from before a restore leads to the whole task, marked', {
    timeout,
  }, async () => {
    const [a] = servers.urls(binding);
    const gate = new Gate();
    const text = servers.fleet.script(async (turn) => {
      turn.task();
      turn.artifact('out', 'one');
      turn.artifact('out', 'two', true);
      await gate.opened;
      turn.status('COMPLETED');
    });
    const { store, entries } = openStore();
    const request = send(text);
    const client = resumable(await clientAt(a, binding), { ...QUICK, store });
    let count = 0;
    for await (const _ of client.sendMessageStream(request)) if (++count === 3) break;
    // The record at the cursor was written at another time in the log that is there now.
    for (const [key, value] of entries) {
      const position = JSON.parse(value);
      const parts = position.cursor.split('.');
      parts[5] = (Number.parseInt(parts[5], 36) - 1).toString(36);
      entries.set(key, JSON.stringify({ ...position, cursor: parts.join('.') }));
    }
    const reader = new StreamReader(client.sendMessageStream(request));
    await reader.taskId();
    gate.open();
    const events = await reader.end();
    expect(words(events)).toEqual(['task:WORKING after gap ?-?', 'status:COMPLETED']);
    expect(pictureOfFrames(events)).toMatchObject({ artifacts: { out: ['one', 'two'] } });
  });

  test('[I3] events that are not kept any more are a gap with its generations', {
    timeout,
  }, async () => {
    const [a, b] = servers.urls(binding);
    const gate = new Gate();
    let id = '';
    const text = servers.fleet.script(async (turn) => {
      id = turn.taskId;
      turn.task();
      for (const word of ['one', 'two', 'three', 'four']) {
        turn.artifact('out', word);
        await turn.run.flush();
      }
      await gate.opened;
      turn.status('COMPLETED');
    });
    const store = memoryStore();
    const request = send(text);
    const first = resumable(await clientAt(a, binding), { ...QUICK, store });
    let count = 0;
    for await (const _ of first.sendMessageStream(request)) if (++count === 2) break;
    const all = new StreamReader((await clientAt(b, binding)).resubscribeTask(get(id)));
    await all.until('the last chunk', ({ artifacts }) => artifacts.out?.[0] === 'four');
    const view = new AwsView(servers.fleet.aws);
    await view.expireRecords(id, 2, 4);
    view.stop();
    const second = resumable(await clientAt(b, binding), { ...QUICK, store });
    const reader = new StreamReader(second.sendMessageStream(request));
    await reader.taskId();
    gate.open();
    const events = await reader.end();
    expect(words(events)).toEqual(['task:WORKING after gap 2-5', 'status:COMPLETED']);
    expect(pictureOfFrames(events)).toMatchObject({ artifacts: { out: ['four'] } });
    await all.end();
  });

  test('[I3] a Task with neither a status nor an artifact is an event like any other', {
    timeout,
  }, async () => {
    const [a, b] = servers.urls(binding);
    const text = servers.fleet.script((turn) => {
      const { taskId: id } = turn;
      const { contextId } = turn.request;
      const bare = { id, contextId, status: undefined, artifacts: [], history: [], metadata: {} };
      turn.task();
      turn.anything({ kind: 'task', data: bare });
      turn.artifact('out', 'one');
      turn.status('COMPLETED');
    });
    const request = send(text);
    const expected = ['task:WORKING', 'status:WORKING', 'artifact:out', 'status:COMPLETED'];
    const store = memoryStore();
    const seen: StreamResponse[] = [];
    // Each call resumes after the events of those before it.
    for (const url of [a, b, a, b, a]) {
      const client = resumable(await clientAt(url, binding), { ...QUICK, store, maxAttempts: 3 });
      const events = client.sendMessageStream(request);
      const { value } = await events.next();
      if (value) seen.push(value);
      // Asks for the next event, so that the position of this one is saved.
      await events.next();
      await events.return();
    }
    expect(words(seen)).toEqual(expected);
  });

  // Each life of the client is a process.
  test('[I3] the client goes on after it was killed at any event', {
    timeout: 120_000,
  }, async () => {
    const [a, b] = servers.urls(binding);
    const proxy = await CuttingProxy.start([a, b]);
    const directory = await mkdtemp(join(tmpdir(), 'positions-'));
    const text = servers.fleet.script((turn) => {
      turn.task();
      turn.chunks('out', 0, 4);
      turn.status('COMPLETED');
    });
    const messageId = randomUUID();
    const lines: string[] = [];
    try {
      // Each life ends while it handles its second event, or after that.
      for (let life = 0; life < 20 && lines.at(-1) !== 'end'; life += 1) {
        const child = start([proxy.url, binding, text, messageId, directory]);
        let handled = 0;
        for await (const line of createInterface({ input: child.stdout as Readable })) {
          lines.push(line);
          if (line.startsWith(life % 2 ? 'begin' : 'done')) handled += 1;
          if (handled === 2) child.kill('SIGKILL');
        }
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      const after = start([proxy.url, binding, text, messageId, directory]);
      const more: string[] = [];
      for await (const line of createInterface({ input: after.stdout as Readable }))
        more.push(line);
      expect(more).toEqual(['end']);
    } finally {
      await proxy.stop();
      await rm(directory, { recursive: true });
    }
    const names = ['task:WORKING', ...[0, 1, 2, 3].map((n) => `artifact:out ${n}`)];
    names.push('status:COMPLETED');
    expect(lines.at(-1)).toBe('end');
    const begun = lines.filter((line) => line.startsWith('begin ')).map((line) => line.slice(6));
    // In order; an event comes again only right after itself, or after the next one was not done.
    expect([...new Set(begun)]).toEqual(names);
    for (const [at, name] of begun.slice(1).entries()) {
      const step = names.indexOf(name) - names.indexOf(begun[at] ?? '');
      expect([-1, 0, 1]).toContain(step);
    }
  });
});

/** Starts a client in a process of its own. */
function start(args: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL('fixtures/client-process.ts', import.meta.url));
  const flags = ['--conditions=@a2a-aws/source', '--import=tsx'];
  return spawn(process.execPath, [...flags, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe.each(BINDINGS)('a server of the SDK alone, over %s', (binding) => {
  const scripts = new Scripts();
  let server: PlainServer;

  beforeAll(async () => {
    server = await PlainServer.start(new ScriptedAgent('plain', scripts));
  });
  afterAll(() => server.stop());

  test('continues with the whole task, and yields its last events', { timeout }, async () => {
    const gate = new Gate();
    const text = scripts.add(async (turn: Turn) => {
      turn.task();
      turn.artifact('out', 'one');
      await gate.opened;
      turn.artifact('out', 'two', true);
      turn.status('COMPLETED', 'done');
    });
    const proxy = await CuttingProxy.start([server.url(binding)]);
    try {
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const reader = new StreamReader(client.sendMessageStream(send(text)));
      await reader.until('the first chunk', ({ artifacts }) => artifacts.out?.length === 1);
      proxy.cutAll();
      await eventually('the whole task', () => reader.frames.length === 3);
      gate.open();
      expect(words(await reader.end())).toEqual([
        'task:WORKING',
        'artifact:out',
        'task:WORKING after gap ?-?',
        'artifact:out',
        'status:COMPLETED',
      ]);
      expect(reader.picture).toMatchObject({ artifacts: { out: ['one', 'two'] }, text: 'done' });
    } finally {
      await proxy.stop();
    }
  });

  test('gives the task that has ended while the client was away', { timeout }, async () => {
    const gate = new Gate();
    const text = scripts.add(async (turn: Turn) => {
      turn.task();
      await gate.opened;
      turn.artifact('out', 'one');
      turn.status('COMPLETED', 'done');
    });
    const proxy = await CuttingProxy.start([server.url(binding)]);
    try {
      const direct = await clientAt(server.url(binding), binding);
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const reader = new StreamReader(client.sendMessageStream(send(text)));
      const id = await reader.taskId();
      proxy.redirect(['http://127.0.0.1:1']);
      gate.open();
      await eventually('the end', async () => {
        const task = await direct.getTask(get(id));
        return task.status?.state === 3;
      });
      proxy.redirect([server.url(binding)]);
      const events = await reader.end();
      expect(words(events)).toEqual(['task:WORKING', 'task:COMPLETED after gap ?-?']);
      expect(reader.picture).toMatchObject({ artifacts: { out: ['one'] }, text: 'done' });
    } finally {
      await proxy.stop();
    }
  });

  test('is read to the end of a task, although its connections are cut', { timeout }, async () => {
    let wanted = 0;
    const text = scripts.add(async (turn: Turn) => {
      turn.task();
      for (let i = 0; i < 30; i += 1) {
        await eventually(`a wish for chunk ${i}`, () => i < wanted);
        turn.artifact('out', `${i}`, i > 0);
      }
      turn.status('COMPLETED', 'done');
    });
    const direct = await clientAt(server.url(binding), binding);
    const sent = new StreamReader(direct.sendMessageStream(send(text)));
    const id = await sent.taskId();
    const proxy = await CuttingProxy.start([server.url(binding)]);
    try {
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const reader = new StreamReader(client.resubscribeTask(get(id)));
      for (let round = 0, seen = 0; round < 3; round += 1) {
        await eventually('the task of a new connection', () => reader.frames.length > seen);
        wanted += 5;
        await reader.until('its chunks', ({ artifacts }) => artifacts.out?.length === wanted);
        seen = reader.frames.length;
        proxy.cutAll();
      }
      wanted = 30;
      await Promise.all([reader.end(), sent.end()]);
      expect(reader.picture).toEqual(sent.picture);
      expect(proxy.accepted).toBeGreaterThan(3);
    } finally {
      await proxy.stop();
    }
  });
});
