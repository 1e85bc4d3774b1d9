// Speed and size, in one run on one machine: compare the ratios, not the milliseconds. `pnpm bench [agents|crypto|ingest|log|store|simple-pool]`
import { missedBars } from './report.mjs';

const all = ['agents', 'crypto', 'ingest', 'log', 'store'];
/** Not part of a run that names nothing. */
const onDemand = ['simple-pool'];
const chosen = process.argv.slice(2).length > 0 ? process.argv.slice(2) : all;
for (const name of chosen) {
  const known = [...all, ...onDemand];
  if (!known.includes(name)) throw new Error(`there is no bench ${name}: ${known.join(', ')}`);
  console.log(`\n${name}`);
  const { run } = await import(`./${name}.mjs`);
  await run();
}
console.log(`\n${missedBars()} bars missed`);
process.exit(missedBars() === 0 ? 0 : 1);
