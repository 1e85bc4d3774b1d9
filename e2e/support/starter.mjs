// Tries to own the home of each lock path that it is sent, and says whether it does. `release` gives it up.
import { createSystemClock } from '../../packages/daemon/dist/adapters/system/clock.js';
import { takeOwnership } from '../../packages/daemon/dist/adapters/system/ownership.js';
import { createSystemRandom } from '../../packages/daemon/dist/adapters/system/random.js';

const deps = { clock: createSystemClock(), random: createSystemRandom() };
/** @type {{ release(): void } | null} */
let ownership = null;

process.on('message', async (/** @type {string} */ path) => {
  if (path === 'release') {
    ownership?.release();
    ownership = null;
    process.send?.('released');
    return;
  }
  ownership = await takeOwnership(path, deps).catch(() => null);
  process.send?.(ownership ? 'owner' : 'refused');
});
process.send?.('ready');
