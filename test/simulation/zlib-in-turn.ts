import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

// Snapshots are deflated on other threads, which no virtual clock waits for: how busy the machine is
// would decide what happens. Here they are deflated in turn, so that a seed always plays the same.
// To be imported before the backend.
Object.assign(zlib, {
  deflateRaw: inTurn(zlib.deflateRawSync),
  inflateRaw: inTurn(zlib.inflateRawSync),
});
syncBuiltinESMExports();

function inTurn(work: (data: Buffer) => Buffer) {
  return (data: Buffer, done: (error: Error | null, result?: Buffer) => void): void => {
    let result: Buffer | undefined;
    let failure: Error | null = null;
    try {
      result = work(data);
    } catch (error) {
      failure = error as Error;
    }
    queueMicrotask(() => done(failure, result));
  };
}
