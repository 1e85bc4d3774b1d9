// Writes the fixture of the SQLCipher tests with another implementation. Run once, by hand: `node bench/make-fixture.mjs`.
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../packages/daemon/test/store/fixtures/sqlcipher4.db', import.meta.url));
const Database = createRequire(new URL('./comparator/package.json', import.meta.url))(
  'better-sqlite3-multiple-ciphers',
);

rmSync(path, { force: true });
const database = new Database(path);
database.pragma(`cipher='sqlcipher'`);
database.pragma('legacy=4');
database.pragma(`key="x'${'07'.repeat(32)}'"`);
database.exec('CREATE TABLE greetings(id INTEGER PRIMARY KEY, text TEXT)');
const insert = database.prepare('INSERT INTO greetings(text) VALUES(?)');
for (let n = 1; n <= 100; n++) insert.run(`hello ${n} ${'x'.repeat(100)}`);
database.close();
