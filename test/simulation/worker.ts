import { parentPort, workerData } from 'node:worker_threads';
import { playSchedule } from './schedule.ts';

/** What a worker is to play. */
export interface WorkerTask {
  readonly from: number;
  /** Every so many seeds from the first on. */
  readonly step: number;
  /** The last seed that may be played. */
  readonly to: number;
  /** Not 0 once no more is to be played: a thread that is ended from outside may take its process along. */
  readonly over: Int32Array;
}

/** Plays its seeds in order, and tells of each. */
async function play({ from, step, to, over }: WorkerTask): Promise<void> {
  for (let seed = from; seed <= to && Atomics.load(over, 0) === 0; seed += step) {
    parentPort?.postMessage(await playSchedule(seed));
  }
}

void play(workerData as WorkerTask);
