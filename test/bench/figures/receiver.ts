import {
  DEFAULT_RETENTION_MS,
  MemoryInstanceRegistry,
  MemoryLogStorage,
  silentLogger,
  systemClock,
  systemEntropy,
} from '@a2a-aws/core';
import { OpenLogs } from '@a2a-aws/core/internal';
import { KILOBYTE } from '../agent/payload.ts';
import { receiveSleeping } from '../by-hand/sleeping-receiver.ts';
import { fullQueue, KEY } from '../fakes/full-queue.ts';
import { monotonicMs } from '../monotonic-time.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const EVENTS = 5_000;
const RUNS = 5;
/** The known design is slow, so this number of events is enough. */
const FEW = 41;

/**
 * Measures the events that one receiver moves from a full queue of a fake AWS in this process to a
 * tap.
 */
export async function receiver(): Promise<Row[]> {
  await received(EVENTS);
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run += 1) rates.push(await received(EVENTS));
  const group = `One receiver, doorbells of one 1 KB event each, from the queue to a tap, on fakes`;
  const unit = 'events/s';
  return [
    { group, label: `median of ${RUNS}`, value: median(rates), unit, target: TARGETS.receiver },
    { group, label: 'slowest', value: Math.min(...rates), unit },
    {
      group,
      label: 'the known design: ten a poll, a second’s sleep',
      value: await sleepingRate(),
      unit,
    },
  ];
}

async function received(events: number): Promise<number> {
  const { instance, fanout, keyring } = await fullQueue(events, KILOBYTE);
  const logs = new OpenLogs({
    instance,
    storage: new MemoryLogStorage(),
    registry: new MemoryInstanceRegistry(),
    fanout,
    keyring,
    retentionMs: DEFAULT_RETENTION_MS,
    clock: systemClock,
    entropy: systemEntropy,
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  const open = logs.acquire(KEY);
  // Records in messages are ignored until the log has been read.
  await open.log.refresh();
  const { tap, close } = open.tap();
  const began = monotonicMs();
  logs.start();
  logs.doorbells.listen();
  for (let taken = 0; taken < events; ) taken += (await tap.next())?.deliveries.length ?? 0;
  const took = monotonicMs() - began;
  close();
  logs.release(open);
  await logs.stop();
  return events / (took / 1_000);
}

async function sleepingRate(): Promise<number> {
  const { queueUrl, clients } = await fullQueue(FEW, KILOBYTE);
  const end = new AbortController();
  let taken = 0;
  const began = monotonicMs();
  await receiveSleeping(clients.sqs, queueUrl, systemClock, end.signal, () => {
    taken += 1;
    if (taken === FEW) end.abort();
  });
  return FEW / ((monotonicMs() - began) / 1_000);
}
