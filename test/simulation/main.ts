import { playSchedule } from './schedule.ts';

const [from = '1', to = '20'] = process.argv.slice(2);
const began = performance.now();
let failed = 0;
const laws = new Map<string, string[]>();
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  const played = await playSchedule(seed);
  if (process.env.VERBOSE)
    console.log(seed, played.events, played.crashes, played.pauses, played.violations);
  if (played.violations.length > 0) failed += 1;
  for (const { law, text } of played.violations) {
    const known = laws.get(law) ?? [];
    laws.set(law, known);
    if (known.length < 4) known.push(`seed ${seed}: ${text.slice(0, 400)}`);
  }
}
const count = Number(to) - Number(from) + 1;
console.log(`${count} schedules, ${failed} failed, ${(performance.now() - began) / count} ms each`);
for (const [law, texts] of laws) for (const text of texts) console.log(law, text);
