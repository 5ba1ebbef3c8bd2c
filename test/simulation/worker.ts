import { parentPort, workerData } from 'node:worker_threads';
import { playSchedule } from './schedule.ts';

/** What a worker is to play. */
export interface WorkerTask {
  readonly seeds: readonly number[];
  /** Not 0 once no more is to be played: a thread that is ended from outside may take its process along. */
  readonly over: Int32Array;
}

/** Plays its seeds in order, and tells of each. */
async function play({ seeds, over }: WorkerTask): Promise<void> {
  for (const seed of seeds) {
    if (Atomics.load(over, 0) !== 0) return;
    parentPort?.postMessage(await playSchedule(seed));
  }
}

void play(workerData as WorkerTask);
