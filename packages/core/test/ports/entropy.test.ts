import { describe, expect, test } from 'vitest';
import { derivedUuid, shortId, systemEntropy } from '../../src/ports/entropy.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([1-8])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ids', () => {
  test('of this machine are random UUIDs: none begins like a flag of a command', () => {
    const ids = Array.from({ length: 1_000 }, () => systemEntropy.id());
    for (const id of ids) expect(UUID.exec(id)?.[1]).toBe('4');
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('that are derived are UUIDs of version 8, the same for the same text', () => {
    const texts = Array.from({ length: 1_000 }, (_, n) => `text ${n}`);
    const ids = texts.map(derivedUuid);
    for (const id of ids) expect(UUID.exec(id)?.[1]).toBe('8');
    expect(new Set(ids).size).toBe(ids.length);
    expect(texts.map(derivedUuid)).toEqual(ids);
    expect(derivedUuid('')).toBe('e3b0c442-98fc-8c14-9afb-f4c8996fb924');
  });

  test('are shortened if a name has a limit, and stay as they are if they are short', () => {
    const ids = Array.from({ length: 1_000 }, () => shortId(systemEntropy.id()));
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{16}$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect(shortId('A-1')).toBe('A-1');
  });
});
