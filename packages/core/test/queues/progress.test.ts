import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FIRST_PLACE, type Place, placeAt } from '../../src/model/place.ts';
import { Progress } from '../../src/queues/progress.ts';

interface Given {
  readonly place: Place;
  readonly isError: boolean;
}

/** The items that a reader receives: events, Messages after them, and errors. */
const anyGiven = fc
  .array(fc.constantFrom('event', 'message', 'error'), { maxLength: 30 })
  .map((kinds) => {
    const given: Given[] = [];
    let place = FIRST_PLACE;
    for (const kind of kinds) {
      place =
        kind === 'event'
          ? placeAt(place.generation + 1)
          : placeAt(place.generation, place.messages + 1);
      given.push({ place, isError: kind === 'error' });
    }
    return given;
  });

test('[I3] acknowledges delivered events and errors in order, and never more', () => {
  fc.assert(
    fc.property(anyGiven, fc.array(fc.boolean(), { maxLength: 80 }), (all, steps) => {
      const progress = new Progress(FIRST_PLACE);
      let given = 0;
      let passed = 0;
      /** The reader's place: after its acknowledged events, and all errors that follow them. */
      const placeBehind = (): Place => {
        while (passed < given && all[passed]?.isError) passed += 1;
        return all[passed - 1]?.place ?? FIRST_PLACE;
      };
      for (const isGiven of steps) {
        const next = all[given];
        if (isGiven && next) {
          given += 1;
          const isFree = placeBehind() && passed === given;
          if (!next.isError) progress.give(next.place);
          else expect(progress.raise(next.place)).toEqual(isFree ? next.place : undefined);
        } else if (passed < given) {
          passed += 1;
          expect(progress.acknowledge()).toEqual(placeBehind());
        } else {
          expect(() => progress.acknowledge()).toThrow();
        }
      }
    }),
  );
});
