import { expect, test } from 'vitest';
import { Transcript } from '../transcript.ts';

function transcribe() {
  const lines: string[] = [];
  return { lines, transcript: new Transcript((line) => lines.push(line)) };
}

test('a fact whose checks hold is one line', () => {
  const { lines, transcript } = transcribe();
  transcript.fact('all is well', ['count', 3, 3], ['list', ['a'], ['a']]);
  expect(lines).toEqual(['  ✓ all is well']);
  expect(transcript.failed).toBe(0);
});

test('a check that fails shows the expected and the actual value', () => {
  const { lines, transcript } = transcribe();
  transcript.fact('all is well', ['count', 2, 3], ['list', ['a'], ['a']], ['sent', undefined, 1]);
  expect(lines).toEqual([
    '  ✗ all is well',
    '      count: expected 3, saw 2',
    '      sent: expected 1, saw undefined',
  ]);
  expect(transcript.failed).toBe(1);
});

test('a closed transcript prints nothing and still counts', () => {
  const { lines, transcript } = transcribe();
  transcript.failure('broken');
  transcript.close();
  transcript.failure('more');
  expect(lines).toEqual(['  ✗ broken']);
  expect(transcript.failed).toBe(2);
});
