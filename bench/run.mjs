// Measures speed and size. Compare the ratios, not the milliseconds, which depend on the machine.
// `pnpm bench [agents|crypto|ingest|log|mesh|store|simple-pool]`
import { missedTargets } from './report.mjs';

const all = ['agents', 'crypto', 'ingest', 'log', 'store'];
/** Only run when named. */
const onDemand = ['mesh', 'simple-pool'];
const chosen = process.argv.slice(2).length > 0 ? process.argv.slice(2) : all;
for (const name of chosen) {
  const known = [...all, ...onDemand];
  if (!known.includes(name)) throw new Error(`there is no bench ${name}: ${known.join(', ')}`);
  console.log(`\n${name}`);
  const { run } = await import(`./${name}.mjs`);
  await run();
}
console.log(`\n${missedTargets()} targets missed`);
process.exit(missedTargets() === 0 ? 0 : 1);
