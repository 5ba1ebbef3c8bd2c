import { expect, test } from 'vitest';
import { assertOptionNames, closestName } from '../src/option-names.ts';

const NAMES = { tableName: true, topicArn: true, prefix: true } as const;
const asserted = (options: unknown) => () => assertOptionNames('createBackend', options, NAMES);

test('known names pass, whatever their values are', () => {
  expect(asserted({})).not.toThrow();
  expect(asserted({ tableName: undefined, prefix: 5 })).not.toThrow();
});

test('an unknown name is refused with the closest valid name and all valid names', () => {
  expect(asserted({ tabelName: 'secret' })).toThrow(
    expect.objectContaining({
      code: 'configuration',
      message:
        'createBackend has no option tabelName; did you mean tableName? Valid: tableName, topicArn, prefix.',
    }),
  );
});

test('a name that resembles none is refused without a guess', () => {
  expect(asserted({ colour: 1 })).toThrow(
    'createBackend has no option colour. Valid: tableName, topicArn, prefix.',
  );
});

test('every unknown name is named', () => {
  expect(asserted({ tablename: 1, colour: 1 })).toThrow(
    /tablename; did you mean tableName.*colour/,
  );
});

test('a name that is no identifier is not repeated', () => {
  expect(asserted({ '<script>': 1 })).toThrow(/^((?!script).)*$/);
});

test('names of Object.prototype are unknown', () => {
  expect(asserted({ toString: 1 })).toThrow('has no option toString');
  expect(asserted(JSON.parse('{"__proto__":{}}'))).toThrow('has no option __proto__');
});

test.each([undefined, null, 'tasks', ['tasks']])('%j is no object of options', (options) => {
  expect(asserted(options)).toThrow('The options of createBackend must be an object.');
});

test.each([
  ['onOrphn', 'onOrphan'],
  ['ONORPHAN', 'onOrphan'],
  ['orphan', 'onOrphan'],
  ['endpoint', undefined],
])('the closest to %s is %s', (name, closest) => {
  expect(closestName(name, ['onOrphan', 'validateInputModes'])).toBe(closest);
});
