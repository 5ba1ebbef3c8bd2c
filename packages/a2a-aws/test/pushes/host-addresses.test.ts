import { systemClock } from '@a2a-aws/core';
import { expect, test } from 'vitest';
import { HostAddresses, isLocalName } from '../../src/pushes/host-addresses.ts';
import { pushSettings } from '../../src/pushes/push-settings.ts';
import type { WebhookOutcome } from '../../src/pushes/webhook-call.ts';
import { Webhooks } from '../../src/pushes/webhooks.ts';
import { NameServer } from '../fixtures/name-server.ts';
import { Receiver } from '../fixtures/receiver.ts';
import { post } from '../fixtures/webhook-calls.ts';

test('An address stands for itself, and localhost for this machine, without a question.', async () => {
  await using server = await NameServer.start(() => []);
  const { resolve } = new HostAddresses([server.address]);
  expect(await resolve('8.8.8.8')).toEqual(['8.8.8.8']);
  expect(await resolve('2606:4700::1111')).toEqual(['2606:4700::1111']);
  expect(await resolve('localhost')).toEqual(['127.0.0.1', '::1']);
  expect(await resolve('a.localhost')).toEqual(['127.0.0.1', '::1']);
  expect(isLocalName('localhost.example.com')).toBe(false);
  expect(server.asked).toEqual([]);
});

test('A name has the addresses that DNS knows, IPv4 first, 4 of each kind.', async () => {
  const known = new Map([
    ['both.test', ['2606:4700::1', '8.8.8.8', '2606:4700::2', '8.8.4.4']],
    ['six.test', ['2606:4700::1']],
    ['many.test', Array.from({ length: 30 }, (_, at) => `8.8.8.${at}`)],
  ]);
  await using server = await NameServer.start((name) => known.get(name) ?? []);
  const { resolve } = new HostAddresses([server.address]);
  expect(await resolve('both.test')).toEqual([
    '8.8.8.8',
    '8.8.4.4',
    '2606:4700::1',
    '2606:4700::2',
  ]);
  expect(await resolve('six.test')).toEqual(['2606:4700::1']);
  expect(await resolve('many.test')).toHaveLength(4);
  expect(await resolve('none.test')).toEqual([]);
});

test('A question that is open ends when it is given up, and later ones are answered.', async () => {
  let isSilent = true;
  await using server = await NameServer.start(() => (isSilent ? undefined : ['8.8.8.8']));
  const addresses = new HostAddresses([server.address]);
  const open = addresses.resolve('silent.test');
  await expect.poll(() => server.asked.length).toBeGreaterThan(1);
  addresses.cancel();
  expect(await open).toEqual([]);
  isSilent = false;
  expect(await addresses.resolve('other.test')).toEqual(['8.8.8.8']);
});

test('A name server decides at each connection, and cannot lead to a forbidden address.', async () => {
  const forbidden: WebhookOutcome = { kind: 'refused', reason: 'forbidden-address' };
  await using receiver = await Receiver.start();
  let answer: string[] = [];
  await using server = await NameServer.start(() => answer);
  const settings = pushSettings({ allowHttp: true });
  const { resolve } = new HostAddresses([server.address]);
  const webhooks = new Webhooks({ clock: systemClock, settings, resolve });
  const HOSTILE = [
    ['127.0.0.1'],
    ['8.8.8.8', '127.0.0.1'],
    ['::1'],
    ['8.8.8.8', '::ffff:127.0.0.1'],
    ['::127.0.0.1'],
    ['::8.8.8.8'],
    ['64:ff9b::127.0.0.1'],
    ['2002:7f00:1::'],
    ['169.254.169.254'],
    ['fd00:ec2::254'],
    ['0.0.0.0'],
  ];
  for (answer of HOSTILE) {
    const asked = server.asked.length;
    expect(await post(webhooks, receiver.url('rebound.test')), answer.join()).toEqual(forbidden);
    // For addresses of both kinds, and again if the answer is late.
    expect(server.asked.length).toBeGreaterThanOrEqual(asked + 2);
  }
  expect(receiver.connections).toBe(0);
  webhooks.close();
});
