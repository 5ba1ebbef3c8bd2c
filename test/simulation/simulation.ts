import { Worker } from 'node:worker_threads';
import { bundleSimulator } from './bundle.ts';
import type { Patch } from './patches/patch.ts';
import type { Played } from './schedule.ts';
import type { WorkerTask } from './worker.ts';

export interface SimulationOptions {
  /** In the order of play. */
  readonly seeds: readonly number[];
  /** Worker threads. */
  readonly workers: number;
  readonly patches?: readonly Patch[] | undefined;
  /** Ends the simulation if it returns 'enough'. */
  readonly onPlayed?: ((played: Played) => 'enough' | undefined) | undefined;
}

/** The result of many schedules. */
export interface Simulated {
  readonly schedules: number;
  readonly events: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly failed: readonly Played[];
  readonly ms: number;
}

/** Plays the schedules of many seeds on several threads. */
export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const { seeds, workers, patches, onPlayed } = options;
  const code = await bundleSimulator(patches);
  const began = performance.now();
  const total = { schedules: 0, events: 0, crashes: 0, pauses: 0 };
  const failed: Played[] = [];
  const over = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const played = (one: Played): void => {
    if (Atomics.load(over, 0) !== 0) return;
    total.schedules += 1;
    total.events += one.events;
    total.crashes += one.crashes;
    total.pauses += one.pauses;
    if (one.violations.length > 0) failed.push(one);
    if (onPlayed?.(one) === 'enough') Atomics.store(over, 0, 1);
  };
  const done = Array.from({ length: workers }, (_, n) => {
    // Most objects live only for a moment.
    const resourceLimits = { maxYoungGenerationSizeMb: 64 };
    const own = seeds.filter((_seed, at) => at % workers === n);
    const workerData: WorkerTask = { seeds: own, over };
    const thread = new Worker(code, { eval: true, workerData, resourceLimits });
    return new Promise<void>((resolve, reject) => {
      thread.on('message', played);
      thread.on('error', (error) => {
        Atomics.store(over, 0, 1);
        reject(error);
      });
      thread.on('exit', () => resolve());
    });
  });
  await Promise.all(done);
  return { ...total, failed, ms: performance.now() - began };
}
