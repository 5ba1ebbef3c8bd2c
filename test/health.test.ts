import {
  type CallOutcome,
  type FakeCall,
  type SimulatedProcess,
  steady,
  type VirtualClock,
} from '@a2a-aws/testkit/fakes';
import { type Backend, createBackend } from 'a2a-aws';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeDeployment } from './fixtures/fake-deployment.ts';

const SECOND_MS = 1_000;
/** The default lease time. */
const LEASE_MS = 20 * SECOND_MS;
const BEAT_MS = 5 * SECOND_MS;
const UNAVAILABLE: CallOutcome = { acts: [], answers: 1, fails: 'unavailable' };

let clock: VirtualClock;
let deployment: FakeDeployment;
/** The outcome of calls that must fail. */
let refuses: (call: FakeCall) => boolean;

beforeEach(() => {
  refuses = () => false;
  const plan = steady({ dynamodb: 2, sns: 2, sqs: 2 });
  const call = (made: FakeCall): CallOutcome => (refuses(made) ? UNAVAILABLE : plan.call(made));
  deployment = new FakeDeployment('health', { faults: { ...plan, call } });
  clock = deployment.clock;
});

function server(name: string): { backend: Backend; process: SimulatedProcess } {
  const process = deployment.process(name);
  const backend = createBackend({ ...deployment.options(process), instanceId: name });
  return { backend, process };
}

async function started(name: string): Promise<ReturnType<typeof server>> {
  const made = server(name);
  await clock.run(made.backend.start());
  return made;
}

describe('health', () => {
  test('is ready from start to stop, live until the stop', async () => {
    const { backend } = server('a');
    expect(backend.health()).toMatchObject({ live: true, ready: false, phase: 'new' });
    expect(backend.health().leaseAgeMs).toBeUndefined();
    await clock.run(backend.start());
    await clock.advance(60 * SECOND_MS);
    const { leaseAgeMs, ...health } = backend.health();
    expect(health).toEqual({
      live: true,
      ready: true,
      phase: 'ready',
      doorbell: true,
      lagMs: undefined,
      backlog: 0,
      taps: 0,
      runs: 0,
      overloaded: false,
      loopLagMs: 0,
      uncleaned: 0,
    });
    expect(leaseAgeMs).toBeLessThanOrEqual(BEAT_MS + SECOND_MS);
    await clock.run(backend.stop());
    expect(backend.health()).toMatchObject({ live: false, ready: false, phase: 'stopped' });
  });

  test('[I5] is not ready, but live, once the lease could not be renewed for its time', async () => {
    const { backend } = await started('a');
    refuses = ({ service }) => service === 'dynamodb';
    await clock.advance(LEASE_MS / 2);
    expect(backend.health()).toMatchObject({ live: true, ready: true });
    await clock.advance(LEASE_MS);
    expect(backend.health()).toMatchObject({ live: true, ready: false });
    expect(backend.health().leaseAgeMs).toBeGreaterThan(LEASE_MS);
    refuses = () => false;
    await clock.advance(60 * SECOND_MS);
    expect(backend.health()).toMatchObject({ live: true, ready: true, phase: 'ready' });
  });

  test('[I7] counts the dead that could not be cleaned up after, until they are', async () => {
    const { backend } = await started('a');
    const { process } = await started('b');
    refuses = ({ operation }) => operation === 'DeleteQueue';
    process.crash();
    await clock.advance(3 * LEASE_MS);
    expect(backend.health()).toMatchObject({ ready: true, uncleaned: 1 });
    refuses = () => false;
    await clock.advance(5 * LEASE_MS);
    expect(backend.health().uncleaned).toBe(0);
    expect([...deployment.aws.sqs.queues.keys()]).toHaveLength(1);
  });
});
