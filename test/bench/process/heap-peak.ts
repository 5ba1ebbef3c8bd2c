import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The peak memory of some work beyond the memory in use before it, in bytes. */
export interface HeapPeak {
  /** V8's heap. */
  readonly heap: number;
  /**
   * The buffers outside V8's heap, of which some 64 MB accumulate before their collector starts.
   */
  readonly buffers: number;
}

interface Statistics {
  readonly usedHeapSize: number;
  readonly externalMemory: number;
}

/**
 * Runs `work` and measures the heap right before each collection, because it only grows between
 * two.
 */
export async function heapPeak(work: () => Promise<void>): Promise<HeapPeak> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage();
  const profiler = new GCProfiler();
  profiler.start();
  await work();
  const end = process.memoryUsage();
  const seen = profiler
    .stop()
    .statistics.map(({ beforeGC }): Statistics => beforeGC.heapStatistics);
  return {
    heap: Math.max(end.heapUsed, ...seen.map((one) => one.usedHeapSize)) - before.heapUsed,
    buffers: Math.max(end.external, ...seen.map((one) => one.externalMemory)) - before.external,
  };
}
