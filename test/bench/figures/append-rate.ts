import { prose } from '../agent/prose.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { SoloInstance } from '../solo/solo-instance.ts';
import { TARGETS } from '../targets.ts';

const EVENTS = 20_000;
const EVENT_CHARACTERS = 200;
const LATENCY_MS = 5;
const RUNS = 5;

/**
 * Measures the events a second that one writer appends to one task, from the first publish until
 * the last event is durable.
 */
export async function appendRate(): Promise<Row[]> {
  const solo = await SoloInstance.start({ latencyMs: LATENCY_MS });
  const texts = Array.from({ length: EVENTS }, (_, at) => prose(EVENT_CHARACTERS, at));
  const run = async (): Promise<number> => {
    const text = (at: number): string => texts[at] ?? '';
    const { milliseconds } = await solo.play({ chunks: EVENTS, pace: 'burst', text });
    return EVENTS / (milliseconds / 1_000);
  };
  await run();
  const rates: number[] = [];
  for (let at = 0; at < RUNS; at += 1) rates.push(await run());
  await solo.stop();
  const group = `Appends of one writer to one task, ${EVENTS.toLocaleString('en-US')} events of ${EVENT_CHARACTERS} bytes, ${LATENCY_MS} ms a call, on a DynamoDB in the same process`;
  const unit = 'events/s';
  return [
    { group, label: 'median', value: median(rates), unit, target: TARGETS.appendRate },
    { group, label: 'slowest', value: Math.min(...rates), unit },
  ];
}
