import { parentPort, workerData } from 'node:worker_threads';
import { playSchedule } from './schedule.ts';

/** The task of a worker thread. */
export interface WorkerTask {
  readonly seeds: readonly number[];
  /** Not 0 once the worker must stop. Ending a thread from outside may end its process. */
  readonly over: Int32Array;
}

/** Plays the seeds in order, and reports each schedule. */
async function play({ seeds, over }: WorkerTask): Promise<void> {
  for (const seed of seeds) {
    if (Atomics.load(over, 0) !== 0) return;
    parentPort?.postMessage(await playSchedule(seed));
  }
}

void play(workerData as WorkerTask);
