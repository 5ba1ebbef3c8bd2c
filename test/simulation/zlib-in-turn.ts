import { syncBuiltinESMExports } from 'node:module';
import zlib, { type ZlibOptions } from 'node:zlib';

// Snapshots are deflated on other threads, which no virtual clock waits for: how busy the machine is
// would decide what happens. Here they are deflated in turn, so that a seed always plays the same.
// To be imported before the backend.
Object.assign(zlib, {
  deflateRaw: inTurn(zlib.deflateRawSync),
  inflateRaw: inTurn(zlib.inflateRawSync),
});
syncBuiltinESMExports();

type Done = (error: Error | null, result?: Buffer) => void;

function inTurn(work: (data: Buffer, options?: ZlibOptions) => Buffer) {
  return (data: Buffer, ...rest: [Done] | [ZlibOptions, Done]): void => {
    const [options, done] = rest.length === 1 ? [undefined, rest[0]] : rest;
    let result: Buffer | undefined;
    let failure: Error | null = null;
    try {
      result = work(data, options);
    } catch (error) {
      failure = error as Error;
    }
    queueMicrotask(() => done(failure, result));
  };
}
