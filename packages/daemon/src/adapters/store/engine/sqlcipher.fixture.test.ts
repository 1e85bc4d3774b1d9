import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSql } from '../sql/sql.ts';
import { decryptImage } from './sqlcipher.ts';

describe(decryptImage, () => {
  it('reads what another implementation of SQLCipher 4 wrote', async () => {
    const fixture = join(import.meta.dirname, '../../../../test/store/fixtures/sqlcipher4.db');
    const sql = await openSql(decryptImage(readFileSync(fixture), new Uint8Array(32).fill(7)));
    expect(sql.one('SELECT count(*), min(text) FROM greetings')).toEqual([100, `hello 1 ${'x'.repeat(100)}`]);
    expect(sql.one('PRAGMA integrity_check')).toEqual(['ok']);
  });
});
