import { expect, it } from 'vitest';
import { createSchema, currentSchema, migrations } from './migrations/index.ts';
import { openSql } from './sql.ts';
import { lastSchemaOf, statementText } from './statements.ts';

/** Every statement by its number, blanks made one: what they do is what counts. */
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

// A journal that was written yesterday names these numbers. Lines of a released schema are never changed and never
// moved; new statements come at the end.
it('the numbers and texts of a released schema stay as they are', async () => {
  const lines = texts().map((text, number) => `${number}\t${text}\n`);
  await expect(lines.slice(0, 22).join('')).toMatchFileSnapshot(
    '../../../../test/store/fixtures/statements-1.txt',
  );
  await expect(lines.slice(0, 29).join('')).toMatchFileSnapshot(
    '../../../../test/store/fixtures/statements-2.txt',
  );
  await expect(lines.join('')).toMatchFileSnapshot('../../../../test/store/fixtures/statements-3.txt');
});

it('every statement fits the schema, and one that is no longer used fits its last', async () => {
  for (let version = 1; version <= migrations.length; version++) {
    const sql = await openSql(null);
    createSchema(migrations.slice(0, version)).migrate(sql);
    for (const [number, text] of texts().entries()) {
      if ((lastSchemaOf(number) ?? currentSchema.newest) === version)
        expect(() => sql.all(`EXPLAIN ${text}`)).not.toThrow();
    }
  }
});

it('no statement depends on the moment or on chance', () => {
  for (const text of texts()) {
    expect(text).not.toMatch(
      /\b(now|random|randomblob|CURRENT_\w+|unixepoch|strftime|datetime|julianday|changes|last_insert_rowid)\b/i,
    );
  }
});

it('a number from a newer ocmesh is named', () => {
  expect(() => statementText(9_999)).toThrow('statement 9999');
});
