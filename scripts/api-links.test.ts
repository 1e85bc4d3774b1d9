import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('every link inside docs/api.md leads to a heading', () => {
  const text = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = new Set([...text.matchAll(/\(#([^)]+)\)/g)].map(([, link]) => link));
  expect(links.size).toBeGreaterThan(5);
  expect([...links].filter((link) => !headings.includes(link ?? ''))).toEqual([]);
});
