import { AgentCard } from '@a2a-js/sdk';
import { expect, test } from 'vitest';
import { declaredCard } from '../../src/handler/declared-card.ts';
import { LATEST_ONLY_PUSHES } from '../../src/pushes/latest-only.ts';
import { RESUMABLE_STREAMS } from '../../src/streams/extension.ts';

function card(capabilities: object): AgentCard {
  return AgentCard.fromJSON({ name: 'Agent', version: '1', capabilities });
}

test('a card that streams declares the extension after its own', () => {
  const own = { uri: 'https://example.com/own', description: '', required: true };
  const { capabilities } = declaredCard(card({ streaming: true, extensions: [own] }));
  expect(capabilities?.extensions.map(({ uri }) => uri)).toEqual([own.uri, RESUMABLE_STREAMS]);
});

test('a card that declares the extension already stays as it is', () => {
  const given = card({ streaming: true, extensions: [{ uri: RESUMABLE_STREAMS }] });
  expect(declaredCard(given)).toBe(given);
});

test('a card that does not stream stays as it is', () => {
  const given = card({ streaming: false });
  expect(declaredCard(given)).toBe(given);
});

test('a card with push notifications declares the extension of latest events, unless the application sends', () => {
  const given = card({ pushNotifications: true });
  expect(declaredCard(given).capabilities?.extensions.map(({ uri }) => uri)).toEqual([
    LATEST_ONLY_PUSHES,
  ]);
  expect(declaredCard(given, true)).toBe(given);
});
