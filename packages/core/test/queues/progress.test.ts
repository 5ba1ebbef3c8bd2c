import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Progress } from '../../src/queues/progress.ts';
import { FIRST_PLACE, type Place } from '../../src/queues/queued-event.ts';

/** The places that a reader comes to: behind an event, or behind a Message after it. */
const anyPlaces = fc.array(fc.boolean(), { maxLength: 30 }).map((kinds) => {
  const places: Place[] = [];
  let place = FIRST_PLACE;
  for (const isMessage of kinds) {
    place = isMessage
      ? { generation: place.generation, messages: place.messages + 1 }
      : { generation: place.generation + 1, messages: 0 };
    places.push(place);
  }
  return places;
});

test('[I3] acknowledges in order what was given, and never more', () => {
  fc.assert(
    fc.property(anyPlaces, fc.array(fc.boolean(), { maxLength: 80 }), (places, steps) => {
      const progress = new Progress(FIRST_PLACE);
      let given = 0;
      let acknowledged = 0;
      for (const isGiven of steps) {
        const next = places[given];
        if (isGiven && next) {
          progress.give(next);
          given += 1;
        } else if (acknowledged < given) {
          expect(progress.acknowledge()).toEqual(places[acknowledged]);
          acknowledged += 1;
        } else {
          expect(() => progress.acknowledge()).toThrow();
        }
      }
    }),
  );
});
