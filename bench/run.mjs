// Measures speed and size. Compare the ratios, not the milliseconds, which depend on the machine.
// `pnpm bench [--save] [agents|crypto|ingest|log|mesh|page|store|idle|peers|simple-pool]`; with --save, the figures go to
// bench/results.json, from which `pnpm generate` makes docs/performance.md.
import { begin, missedTargets, save } from './report.mjs';

const all = ['agents', 'crypto', 'ingest', 'log', 'page', 'store'];
/** Only run when named. */
const onDemand = ['mesh', 'simple-pool', 'idle', 'peers'];
const words = process.argv.slice(2);
const named = words.filter((word) => word !== '--save');
for (const name of named.length > 0 ? named : all) {
  const known = [...all, ...onDemand];
  if (!known.includes(name)) throw new Error(`there is no bench ${name}: ${known.join(', ')}`);
  console.log(`\n${name}`);
  begin();
  const { run } = await import(`./${name}.mjs`);
  await run();
  if (words.includes('--save')) save(new URL('./results.json', import.meta.url), name);
}
console.log(`\n${missedTargets()} targets missed`);
process.exit(missedTargets() === 0 ? 0 : 1);
