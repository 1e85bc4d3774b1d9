// Speed and size, in one run on one machine: compare the ratios, not the milliseconds. `pnpm bench [agents|crypto|ingest|store]`
import { missedBars } from './report.mjs';

const all = ['agents', 'crypto', 'ingest', 'store'];
const chosen = process.argv.slice(2).length > 0 ? process.argv.slice(2) : all;
for (const name of chosen) {
  if (!all.includes(name)) throw new Error(`there is no bench ${name}: ${all.join(', ')}`);
  console.log(`\n${name}`);
  const { run } = await import(`./${name}.mjs`);
  await run();
}
console.log(`\n${missedBars()} bars missed`);
process.exit(missedBars() === 0 ? 0 : 1);
