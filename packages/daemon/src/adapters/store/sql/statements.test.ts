import { expect, it } from 'vitest';
import { createSchema, currentSchema, migrations } from './migrations/index.ts';
import { openSql } from './sql.ts';
import { lastSchemaOf, statementText } from './statements.ts';

/** All statements by number, with white space normalized. */
function texts(): string[] {
  const found: string[] = [];
  for (;;) {
    try {
      found.push(statementText(found.length).replace(/\s+/g, ' '));
    } catch {
      return found;
    }
  }
}

// Existing journals refer to these numbers. Lines of a released schema never change and never move; new statements come
// at the end.
it('keeps number and text of each statement of a released schema', async () => {
  const lines = texts().map((text, number) => `${number}\t${text}\n`);
  await expect(lines.slice(0, 22).join('')).toMatchFileSnapshot(
    '../../../../test/store/fixtures/statements-1.txt',
  );
  await expect(lines.slice(0, 29).join('')).toMatchFileSnapshot(
    '../../../../test/store/fixtures/statements-2.txt',
  );
  await expect(lines.slice(0, 43).join('')).toMatchFileSnapshot(
    '../../../../test/store/fixtures/statements-3.txt',
  );
  await expect(lines.join('')).toMatchFileSnapshot('../../../../test/store/fixtures/statements-4.txt');
});

it('has only statements that run with the newest schema, or with their last one', async () => {
  for (let version = 1; version <= migrations.length; version++) {
    const sql = await openSql(null);
    createSchema(migrations.slice(0, version)).migrate(sql);
    for (const [number, text] of texts().entries()) {
      if ((lastSchemaOf(number) ?? currentSchema.newest) === version)
        expect(() => sql.all(`EXPLAIN ${text}`)).not.toThrow();
    }
  }
});

it('has no statement that depends on time or randomness', () => {
  for (const text of texts()) {
    expect(text).not.toMatch(
      /\b(now|random|randomblob|CURRENT_\w+|unixepoch|strftime|datetime|julianday|changes|last_insert_rowid)\b/i,
    );
  }
});

it('names the number of an unknown statement', () => {
  expect(() => statementText(9_999)).toThrow('statement 9999');
});
