import { EventEmitter } from 'node:events';
import { systemClock } from '@a2a-aws/core';
import { decodeErrorInfo, decodeStatus } from '@a2a-js/sdk/errors/grpc';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { grpcConnection } from '../../src/connections/connection.ts';
import { detailing } from '../../src/connections/grpc-errors.ts';
import { STATUS_DETAILS } from '../../src/connections/grpc-status-details.ts';
import { TaskGenerationMismatchError } from '../../src/connections/task-generation-mismatch.ts';

const MISMATCH = { taskId: 'x'.repeat(200), expectedGeneration: 1, currentGeneration: 3 };

/** The error that a client gets after the handler has refused a generation. */
function answered(code: number): { readonly code: number; readonly metadata?: Metadata } {
  const call = Object.assign(new EventEmitter(), { cancelled: false, metadata: new Metadata() });
  const connection = grpcConnection(call, 'token', systemClock);
  connection.addDetails(new TaskGenerationMismatchError('grpc', MISMATCH));
  let told: object | null = null;
  detailing(
    (error) => {
      told = error;
    },
    call,
    connection,
  )({ code, details: '' });
  return told as unknown as ReturnType<typeof answered>;
}

test('the error of a generation has details that the SDK can read', () => {
  const [bytes] = answered(10).metadata?.get(STATUS_DETAILS) ?? [];
  const { code, details } = decodeStatus(bytes as Buffer);
  expect(code).toBe(10);
  expect(decodeErrorInfo(details[0]?.value as Buffer)).toEqual({
    reason: 'TASK_GENERATION_MISMATCH',
    domain: 'a2a-protocol.org',
    metadata: { taskId: MISMATCH.taskId, expectedGeneration: '1', currentGeneration: '3' },
  });
});

test('another error that a wrapper answers with has no such details', () => {
  expect(answered(5)).toEqual({ code: 5, details: '' });
});
