import { after, always, before, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Tells the log's writer whether a reader lags. */
const LAGS = after(
  'OpenLog.constructor',
  'log.listen($$$)',
  'log.lags = () => [...this.#taps.keys()].some((tap) => !tap.isCaughtUp);',
);

/** Harm that a stuck reader does to others or to the memory. */
export const HOLDING: readonly PlantedBug[] = [
  {
    name: 'keeps-all-for-the-slowest',
    patches: [always('RecentRecords.add', 'this.#bytes <= RECENT_BYTES')],
  },
  {
    name: 'writer-waits-for-its-taps',
    patches: [
      LAGS,
      before(
        'LogWriter.#commit',
        'storage.putRecord($$$)',
        'while (this.#log.lags?.()) await new Promise((resolve) => this.#deps.clock.after(50, resolve));',
      ),
    ],
  },
  {
    name: 'receiver-waits-for-its-taps',
    patches: [
      LAGS,
      replace(
        'OpenLogs.#onDoorbell',
        'compareSlots(doorbell.next, $_) <= 0',
        'open.log.lags() || $MATCH',
      ),
      replace(
        'MissedDoorbells.readDueLogs',
        '!open.log.state.sealed',
        '$MATCH && !open.log.lags()',
      ),
    ],
  },
];
