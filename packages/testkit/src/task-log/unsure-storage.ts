import { BackendError, type LogStorage } from '@a2a-aws/core';

/** Returns a storage that executes every put, and loses the answer to every `nth`. */
export function unsure(storage: LogStorage, nth: number): LogStorage {
  let puts = 0;
  return new Proxy(storage, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'putRecord') return member.bind(target);
      return async (...args: Parameters<LogStorage['putRecord']>) => {
        const outcome = await target.putRecord(...args);
        puts += 1;
        if (puts % nth === 0) throw new BackendError('unreachable', 'No answer.');
        return outcome;
      };
    },
  });
}
