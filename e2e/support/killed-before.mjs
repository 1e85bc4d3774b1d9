// Loaded into a program under test: it is killed before it renames anything to a path that ends like TEST_KILLED_BEFORE.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { renameSync } = fs;
fs.renameSync = (from, to) => {
  if (String(to).endsWith(process.env['TEST_KILLED_BEFORE'] ?? '')) process.kill(process.pid, 'SIGKILL');
  renameSync(from, to);
};
syncBuiltinESMExports();
