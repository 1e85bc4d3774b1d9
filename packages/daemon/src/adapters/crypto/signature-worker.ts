import { parentPort } from 'node:worker_threads';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { selfTest } from './choose-engine.ts';
import { createWasmEngine } from './wasm-engine.ts';

const engine = createWasmEngine();
selfTest(engine);
parentPort?.on('message', (events: readonly NostrEvent[]) =>
  parentPort?.postMessage(events.map(engine.verify)),
);
// Its result would be missing, and the next one would be taken for it.
parentPort?.on('messageerror', (error) => {
  throw error;
});
parentPort?.postMessage('ready');
