import type { Claimed, PushClaim, PushLedger, Released, TaskPushes } from '../ports/push-ledger.ts';
import { assertTaskKey, type TaskKey, taskKeyText } from '../task-key.ts';

interface Row {
  pushes: TaskPushes;
  claim: PushClaim;
  isHeld: boolean;
  asked?: string | undefined;
}

/** A {@link PushLedger} in the memory of this process: for tests, and as the suite's oracle. */
export class MemoryPushLedger implements PushLedger {
  readonly #rows = new Map<string, Row>();

  async claim(key: TaskKey, claim: PushClaim, _now: number, replaces = false): Promise<Claimed> {
    assertTaskKey(key);
    const none = { pushes: new Map(), claim: { instance: '', turn: 0 }, isHeld: false };
    const row: Row = this.#rows.get(taskKeyText(key)) ?? none;
    if (this.#held(key, claim)) return { claimed: row.pushes };
    const isNext = row.claim.turn === claim.turn - 1 && (!row.isHeld || replaces);
    if (!isNext) return { last: row.claim, isHeld: row.isHeld };
    this.#rows.set(taskKeyText(key), { pushes: row.pushes, claim, isHeld: true });
    return { claimed: row.pushes };
  }

  async save(key: TaskKey, claim: PushClaim, pushes: TaskPushes): Promise<boolean> {
    const row = this.#held(key, claim);
    if (!row) return false;
    row.pushes = new Map(pushes);
    return true;
  }

  async ask(key: TaskKey, claim: PushClaim, question: string): Promise<boolean> {
    const row = this.#held(key, claim);
    if (!row) return false;
    row.asked = question;
    return true;
  }

  async release(
    key: TaskKey,
    claim: PushClaim,
    pushes: TaskPushes,
    _now: number,
    answered?: string,
  ): Promise<Released> {
    const row = this.#held(key, claim);
    if (!row) return 'lost';
    if (row.asked !== undefined && row.asked !== answered) return { asked: row.asked };
    row.pushes = new Map(pushes);
    row.isHeld = false;
    row.asked = undefined;
    return 'released';
  }

  async read(key: TaskKey): Promise<TaskPushes> {
    assertTaskKey(key);
    return this.#rows.get(taskKeyText(key))?.pushes ?? new Map();
  }

  #held(key: TaskKey, claim: PushClaim): Row | undefined {
    assertTaskKey(key);
    const row = this.#rows.get(taskKeyText(key));
    const { turn, instance } = row?.claim ?? {};
    const isOurs = row?.isHeld && turn === claim.turn && instance === claim.instance;
    return isOurs ? row : undefined;
  }
}
