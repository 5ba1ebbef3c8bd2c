import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});

const report = await chaos({ blows: Number(values.kills), seed: Number(values.seed) });
const { blows, tasks, connections, otherFaults, leaked, ...zeros } = report;
console.log(`blows: ${JSON.stringify(blows)}; tasks: ${tasks}, connections: ${connections}`);
const faults = { ...zeros, otherFaults: otherFaults.length, leaked: leaked.length };
for (const [name, count] of Object.entries(faults)) {
  console.log(`${name.padEnd(20)} ${String(count).padStart(6)}   target 0`);
}
for (const detail of [...otherFaults, ...leaked].slice(0, 20)) console.log(`  ${detail}`);
if (Object.values(faults).some((count) => count > 0)) process.exitCode = 1;
