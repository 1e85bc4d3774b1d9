import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createMemoryMesh, createMemoryNetwork } from '../../../test/support/memory-relay-network.ts';
import { createMemoryDisk, openMemoryStore } from '../../../test/support/memory-store.ts';
import { createTimeWatch } from './time-watch.ts';

test('the confirmed time has whole milliseconds, because the store takes no fractions', async () => {
  const fake = createFakeClock();
  const log = createRecordingLog();
  let passed = 0.9;
  // Like real clocks: the wall clock shows whole milliseconds, the monotonic one fractions from another start.
  const clock = {
    ...fake,
    now: () => 1_790_000_000_000 + Math.floor(passed),
    monotonic: () => 55.5 + passed,
  };
  const store = await openMemoryStore(createMemoryDisk(), { clock, log });
  const network = createMemoryNetwork(createMemoryMesh(), clock);
  const time = createTimeWatch({ store, network, clock, log, onJump() {} });
  for (; passed < 20; passed += 0.3) expect(time.confirmedNow()).toSatisfy(Number.isInteger);
});
