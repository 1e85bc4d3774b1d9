import { test } from 'vitest';
import { createWorld, settle } from './support/agent-in-a-box.ts';
import { accept, type MemoryRelay, reject } from './support/memory-relay-network.ts';
import { modern } from './support/puppet.ts';
test('x', async () => {
  const world = createWorld('wss://one.test');
  const box = await world.start();
  const bob = world.puppet('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(900_000);
  const relay = world.relay as MemoryRelay;
  relay.offered.length = 0;
  relay.answer = (e) => { console.log(world.clock.monotonic(), e.kind, bob.opened([e])[0]?.['body']); return reject('rate-limited: slow down'); };
  await box.sendMessage({ to: bob.pubkey, content: 'first' });
  await settle(world.clock);
  relay.answer = (e) => { console.log(world.clock.monotonic(), e.kind, bob.opened([e])[0]?.['body']); return accept; };
  await box.sendMessage({ to: bob.pubkey, content: 'second' });
  await world.clock.advance(65_000);
}, 60000);
