import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { BackendError } from '@a2a-aws/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as dynoxide from '../../src/aws/dynoxide.ts';
import { startDynamoDb } from '../../src/aws/embedded-dynamodb.ts';
import * as freePort from '../../src/free-port.ts';
import { listens } from '../fixtures/processes.ts';

vi.mock('../../src/aws/dynoxide.ts', { spy: true });
vi.mock('../../src/free-port.ts', { spy: true });

afterEach(() => vi.mocked(dynoxide.dynoxideBinary).mockReset());

const hasDynoxide = dynoxide.dynoxideBinary() !== undefined;

describe('without dynoxide', () => {
  test('dynalite plays DynamoDB', async () => {
    vi.mocked(dynoxide.dynoxideBinary).mockReturnValue(undefined);
    const dynamodb = await startDynamoDb();
    expect(dynoxide.startDynoxide).not.toHaveBeenCalled();
    expect(await listens(dynamodb.endpoint)).toBe(true);
    await dynamodb.stop();
    expect(await listens(dynamodb.endpoint)).toBe(false);
  });

  test('asking for it is refused', async () => {
    vi.mocked(dynoxide.dynoxideBinary).mockReturnValue(undefined);
    await expect(startDynamoDb('dynoxide')).rejects.toMatchObject({ code: 'configuration' });
  });

  test('a binary that does not run is refused', async () => {
    vi.mocked(dynoxide.dynoxideBinary).mockReturnValue('/nonexistent/dynoxide');
    const error = await startDynamoDb().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BackendError);
    expect(error).toMatchObject({ code: 'configuration', cause: expect.any(Error) });
  });
});

test('an unknown engine is refused', async () => {
  await expect(startDynamoDb('sqlite' as 'dynalite')).rejects.toMatchObject({
    code: 'configuration',
  });
});

test.skipIf(!hasDynoxide)('a port that was lost is replaced by another', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  vi.mocked(freePort.freePort).mockResolvedValueOnce(port);
  const dynamodb = await startDynamoDb('dynoxide');
  expect(new URL(dynamodb.endpoint).port).not.toBe(String(port));
  await dynamodb.stop();
  other.close();
});
