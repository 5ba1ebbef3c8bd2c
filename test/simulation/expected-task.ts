import type { Entry, LogRecord, Scope, Slot } from '@a2a-aws/core';
import {
  asGeneration,
  eventStatus,
  eventToJson,
  Fold,
  holds,
  isInterrupted,
  isTerminal,
  slotAt,
} from '@a2a-aws/core/internal';
import { Message, Task, TaskState } from '@a2a-js/sdk';

/** Reports a violation. `law` is the name of a law, or of another promise. */
export type Violate = (law: string, text: string) => void;

/** The Task at one moment of its log. */
export interface View {
  /** The generation of its last event. */
  readonly generation: number;
  readonly text: string;
}

/** One run, as the log's entries alone describe it. */
export interface ExpectedRun {
  readonly instance: string;
  readonly messageId: string | undefined;
  /** Index of the record that started it. */
  readonly startedAt: number;
  /** Index of the record in which it last set the task's status. */
  statusAt: number;
  open: boolean;
  lost: boolean;
  resumedBy: string | undefined;
  /** Generation at which its result stands. */
  result: number | undefined;
  /** Generation of its first AUTH_REQUIRED. */
  auth: number | undefined;
  /** Generation of its first event. */
  first: number | undefined;
  /** The Message that is its result, as JSON. */
  answer: string | undefined;
}

/**
 * One task's log as the table received it. Each record is checked when it is written. The expected
 * task is computed here, not by the code under test.
 */
export class ExpectedTask {
  /** The partition of its items. */
  readonly name: string;
  readonly records: LogRecord[] = [];
  /** Events by generation, from 1 on, as every reader must get them. */
  readonly events: string[] = [];
  readonly views: View[] = [];
  /** When each event became durable; milliseconds. */
  readonly times: number[] = [];
  /** Records that the table does not hold any more. */
  readonly expired: Set<LogRecord> = new Set();
  /** Generations at which a stream ends: the task ended, or waits for input without another open run. */
  readonly ends: Set<number> = new Set();
  /** Generations at which a resumed stream may end, too: no run was open while the task waited for input. */
  readonly rests: Set<number> = new Set();
  readonly runs: Map<string, ExpectedRun> = new Map();
  readonly fenced: Set<string> = new Set();
  sealed = false;
  cancelRequested = false;
  state: TaskState | undefined;
  /** Index of the record that set the state. */
  stateAt = -1;
  /** Since when it has had no open run, or was sealed; milliseconds. */
  restsSince: number | undefined;
  readonly #violate: Violate;
  readonly #fold = new Fold();
  readonly #ids = new Set<string>();
  readonly #messages = new Set<string>();
  #next: Slot = slotAt(1);

  constructor(name: string, violate: Violate) {
    this.name = name;
    this.#violate = violate;
  }

  get scope(): Scope {
    const [, , tenant = '', owner = ''] = this.name.split('#');
    return { tenant, owner };
  }

  get taskId(): string {
    return this.name.split('#')[4] ?? '';
  }

  get generation(): number {
    return this.events.length;
  }

  get openRuns(): ExpectedRun[] {
    return [...this.runs.values()].filter(({ open }) => open);
  }

  get hasTask(): boolean {
    return this.state !== undefined;
  }

  get slot(): Slot {
    return this.#next;
  }

  /** Returns the first run that this message started. */
  runOf(messageId: string): ExpectedRun | undefined {
    return [...this.runs.values()].find((run) => run.messageId === messageId);
  }

  /** Returns the generation of the result of a run, or of the run that resumed it. */
  resultOf(run: ExpectedRun | undefined): number | undefined {
    if (run?.resumedBy !== undefined) return this.resultOf(this.runs.get(run.resumedBy));
    return run?.result;
  }

  /** Returns the answer of a run, or of the run that resumed it, as JSON. */
  answerOf(run: ExpectedRun | undefined): string | undefined {
    if (!run) return undefined;
    if (run.answer !== undefined) return run.answer;
    return run.resumedBy === undefined ? undefined : this.answerOf(this.runs.get(run.resumedBy));
  }

  /** Returns the generation at which a run, or one that resumed it, first asked for credentials. */
  authOf(run: ExpectedRun | undefined): number | undefined {
    if (!run) return undefined;
    if (run.auth !== undefined) return run.auth;
    return run.resumedBy === undefined ? undefined : this.authOf(this.runs.get(run.resumedBy));
  }

  /** Returns the generation of the first event of a run, or of one that resumed it. */
  beganAt(run: ExpectedRun | undefined): number | undefined {
    if (!run) return undefined;
    if (run.first !== undefined) return run.first;
    return run.resumedBy === undefined ? undefined : this.beganAt(this.runs.get(run.resumedBy));
  }

  /** Adds a record that the table accepted at `at`, in milliseconds. */
  append(record: LogRecord, at: number): void {
    const { generation, part } = record.slot;
    if (generation !== this.#next.generation || part !== this.#next.part) {
      this.#violate(
        'I1',
        `${this.name}: a record at ${generation}/${part}, the end is ${JSON.stringify(this.#next)}`,
      );
      return;
    }
    const onlyDeleted = record.entries.every(({ kind }) => kind === 'deleted');
    if (this.sealed && !onlyDeleted) this.#violate('I4', `${this.name}: a record after the seal`);
    if (this.fenced.has(record.instance)) {
      this.#violate('I5', `${this.name}: a record of the fenced ${record.instance}`);
    }
    const index = this.records.push(record) - 1;
    for (const entry of record.entries) this.#checkEntry(entry, record, index);
    this.#settleLost();
    const before = this.generation;
    let entries = 0;
    const step = this.#fold.apply(record, () => {
      // The callback is called once more after the last entry, for the record.
      if (entries++ < record.entries.length) this.#look();
    });
    for (const { event } of step.deliveries) {
      this.events.push(JSON.stringify(eventToJson(event)));
      this.times.push(at);
    }
    const events = this.generation - before;
    this.#next = events > 0 ? slotAt(generation + events) : slotAt(generation, part + 1);
    this.restsSince = this.sealed || this.openRuns.length === 0 ? at : undefined;
    const isAsking = this.state === TaskState.TASK_STATE_INPUT_REQUIRED;
    if (isAsking && this.openRuns.length === 0) this.rests.add(this.generation);
  }

  /** Returns whether the table still holds an event. */
  keeps(generation: number): boolean {
    return ![...this.expired].some((record) => holds(record, asGeneration(generation)));
  }

  /** Returns whether the table still holds all that the Task at a generation is made of. */
  keepsUpTo(generation: number): boolean {
    return ![...this.expired].some(({ slot }) => slot.generation <= generation);
  }

  #look(): void {
    const task = this.#fold.task();
    if (!task) return;
    const text = JSON.stringify(Task.toJSON(task));
    const last = this.views.at(-1);
    if (last?.text === text && last.generation === this.#fold.generation) return;
    this.views.push({ generation: this.#fold.generation, text });
  }

  #checkEntry(entry: Entry, record: LogRecord, index: number): void {
    // Events before this one in the record have been counted, but not those of the record's fold.
    switch (entry.kind) {
      case 'event':
        this.#checkEvent(entry, record, index);
        return;
      case 'start':
        this.#checkStart(entry, index);
        return;
      case 'answer':
      case 'end': {
        const run = this.runs.get(entry.run);
        if (!run?.open)
          this.#violate('I4', `${this.name}: ${entry.kind} of a run that is not open`);
        if (!run) return;
        run.open = false;
        if (entry.kind === 'answer') run.answer ??= JSON.stringify(Message.toJSON(entry.message));
        run.result ??= this.#counted(record, index);
        return;
      }
      case 'fence':
        this.fenced.add(entry.instance);
        for (const run of this.runs.values()) {
          if (run.instance !== entry.instance || !run.open) continue;
          run.open = false;
          run.lost = true;
        }
        return;
      case 'cancel':
        this.cancelRequested = true;
    }
  }

  #checkEvent(entry: Extract<Entry, { kind: 'event' }>, record: LogRecord, index: number): void {
    const generation = this.#count(record, index);
    const text = JSON.stringify(eventToJson(entry.event));
    const status = eventStatus(entry.event);
    if (this.sealed) this.#violate('I4', `${this.name}: an event after the terminal one`);
    const id = status ? status.message?.messageId : text;
    if (id !== undefined) {
      if (this.#ids.has(id))
        this.#violate('I1', `${this.name}: the event ${id.slice(0, 80)} twice`);
      this.#ids.add(id);
    }
    const run = entry.run === undefined ? undefined : this.runs.get(entry.run);
    if (entry.run !== undefined && !run?.open) {
      this.#violate('I4', `${this.name}: an event of a run that is not open`);
    }
    if (run) run.first ??= generation;
    if (entry.run === undefined && this.openRuns.length > 0 && !this.cancelRequested) {
      this.#violate('I6', `${this.name}: ended from outside while a run is open`);
    }
    if (!status) return;
    this.#checkFromOutside(entry, status.state);
    this.state = status.state;
    this.stateAt = index;
    if (run) run.statusAt = index;
    if (isTerminal(status.state)) {
      this.sealed = true;
      this.ends.add(generation);
      for (const one of this.runs.values()) {
        one.open = false;
        one.result ??= generation;
      }
    } else if (run && status.state === TaskState.TASK_STATE_INPUT_REQUIRED) {
      run.result ??= generation;
      if (this.openRuns.every((one) => one === run)) this.ends.add(generation);
    } else if (run && status.state === TaskState.TASK_STATE_AUTH_REQUIRED) {
      run.auth ??= generation;
    }
  }

  /** Checks that a lost instance does not fail a task in an interrupted state. */
  #checkFromOutside(entry: Extract<Entry, { kind: 'event' }>, state: TaskState): void {
    if (entry.run !== undefined || state !== TaskState.TASK_STATE_FAILED) return;
    if (!isInterrupted(this.state) || this.cancelRequested) return;
    const newer = [...this.runs.values()].some(
      (run) => run.lost && run.resumedBy === undefined && run.startedAt >= this.stateAt,
    );
    if (!newer)
      this.#violate('I6', `${this.name}: failed from outside while it waits for its client`);
  }

  #checkStart(entry: Extract<Entry, { kind: 'start' }>, index: number): void {
    const messageId = entry.message?.messageId;
    if (this.cancelRequested) this.#violate('I4', `${this.name}: a start after the cancel`);
    // Clients use a number for many messages.
    if (messageId !== undefined && !/^\d+$/.test(messageId) && entry.resumes === undefined) {
      if (this.#messages.has(messageId))
        this.#violate('retry', `${this.name}: ${messageId} started twice`);
      this.#messages.add(messageId);
    }
    if (entry.resumes !== undefined) {
      const resumed = this.runs.get(entry.resumes);
      if (!resumed?.lost || resumed.resumedBy !== undefined) {
        this.#violate('retry', `${this.name}: resumed a run that was not lost, or twice`);
      }
      if (resumed) resumed.resumedBy = entry.run;
    }
    this.runs.set(entry.run, {
      instance: entry.instance,
      messageId,
      startedAt: index,
      statusAt: -1,
      open: true,
      lost: false,
      resumedBy: undefined,
      result: undefined,
      auth: undefined,
      first: undefined,
      answer: undefined,
    });
  }

  /** Gives lost runs that were not resumed their result once no run is open. */
  #settleLost(): void {
    if (this.openRuns.length > 0) return;
    const last = this.records.at(-1);
    if (!last) return;
    for (const run of this.runs.values()) {
      if (run.lost && run.resumedBy === undefined) {
        run.result ??= this.#counted(last, this.records.length - 1);
      }
    }
  }

  #counts = new Map<number, number>();

  /** Counts an event of this record, and returns its generation. */
  #count(record: LogRecord, index: number): number {
    const generation = this.#counted(record, index) + 1;
    this.#counts.set(index, generation);
    return generation;
  }

  /** Returns the generation of the last event so far. */
  #counted(record: LogRecord, index: number): number {
    return this.#counts.get(index) ?? record.slot.generation - 1;
  }
}
