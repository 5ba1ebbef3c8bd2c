import { parentPort, workerData } from 'node:worker_threads';
import { playSchedule } from './schedule.ts';

/** What a worker is to play. */
export interface WorkerTask {
  readonly from: number;
  /** Every so many seeds from the first on. */
  readonly step: number;
  /** The last seed that may be played. */
  readonly to: number;
}

/** Plays its seeds in order, and tells of each; the worker is ended from outside before its last. */
async function play({ from, step, to }: WorkerTask): Promise<void> {
  for (let seed = from; seed <= to; seed += step) parentPort?.postMessage(await playSchedule(seed));
}

void play(workerData as WorkerTask);
