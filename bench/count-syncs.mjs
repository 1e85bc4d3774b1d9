// Preloaded into a daemon: adds a byte to a file for each write that it makes durable.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env['COUNT_SYNCS_IN'];
if (file) {
  const count = fs.openSync(file, 'a');
  for (const name of /** @type {const} */ (['fsync', 'fdatasync', 'fsyncSync', 'fdatasyncSync'])) {
    const original = /** @type {(...values: any[]) => any} */ (fs[name]);
    /** @type {any} */ (fs)[name] = (/** @type {any[]} */ ...values) => {
      fs.writeSync(count, '.');
      return original(...values);
    };
  }
  syncBuiltinESMExports();
}
