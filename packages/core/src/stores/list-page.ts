import type { ListedTask } from '../model/listed-task.ts';
import { compareListPlaces, type ListPlace } from './list-place.ts';

/**
 * One page of a list. It is shown all tasks of the list, in any order and number, counts them, and
 * keeps the first `size` after a place.
 */
export class ListPage {
  readonly #size: number;
  readonly #behind: ListPlace | undefined;
  readonly #tasks: ListedTask[] = [];
  #total = 0;
  #left = 0;

  constructor(size: number, behind: ListPlace | undefined) {
    this.#size = size;
    this.#behind = behind;
  }

  /** In the order of the list. */
  get tasks(): readonly ListedTask[] {
    return this.#tasks;
  }

  /** The number of tasks that were shown, on this page and all others. */
  get total(): number {
    return this.#total;
  }

  get hasMore(): boolean {
    return this.#left > this.#tasks.length;
  }

  show(task: ListedTask): void {
    this.#total += 1;
    if (this.#behind && compareListPlaces(task, this.#behind) <= 0) return;
    this.#left += 1;
    const after = this.#tasks.findLastIndex((other) => compareListPlaces(other, task) < 0);
    if (after === this.#size - 1) return;
    this.#tasks.splice(after + 1, 0, task);
    if (this.#tasks.length > this.#size) this.#tasks.pop();
  }
}
