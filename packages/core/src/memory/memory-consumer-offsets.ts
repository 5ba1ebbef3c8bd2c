import { comparePlaces, type Place } from '../model/place.ts';
import { assertConsumer, type ConsumerOffsets } from '../ports/consumer-offsets.ts';
import { assertTaskKey, type TaskKey, taskKeyText } from '../task-key.ts';

/** {@link ConsumerOffsets} in the memory of this process: for tests, and as the suite's oracle. */
export class MemoryConsumerOffsets implements ConsumerOffsets {
  readonly #tasks = new Map<string, Map<string, Place>>();

  async load(key: TaskKey, consumer: string): Promise<Place | undefined> {
    assertTaskKey(key);
    assertConsumer(consumer);
    return this.#tasks.get(taskKeyText(key))?.get(consumer);
  }

  async save(key: TaskKey, consumer: string, place: Place): Promise<void> {
    assertTaskKey(key);
    assertConsumer(consumer);
    const text = taskKeyText(key);
    const places = this.#tasks.get(text) ?? new Map<string, Place>();
    this.#tasks.set(text, places);
    const known = places.get(consumer);
    if (!known || comparePlaces(known, place) < 0) places.set(consumer, place);
  }

  /** Removes the task's places. Must be called when its log is erased or no longer kept. */
  forget(key: TaskKey): void {
    this.#tasks.delete(taskKeyText(key));
  }
}
