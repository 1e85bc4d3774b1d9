import { type Operation, operations } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { openApi } from '../../../../test/support/http-api.ts';
import { renderDocs } from './docs.ts';

const rows = Object.entries(operations) as [string, Operation][];

test('shows every operation with its fields and errors', () => {
  const html = renderDocs();
  for (const [name, row] of rows) {
    expect(html).toContain(`<section id="${name}">`);
    const section = html.slice(html.indexOf(`<section id="${name}">`)).split('</section>')[0] ?? '';
    expect(section).toContain(`${row.method} ${row.path}`);
    for (const field of Object.keys(row.input.properties)) expect(section).toContain(`<code>${field}</code>`);
    for (const code of Object.keys(row.errors ?? {})) expect(section).toContain(`<code>${code}</code>`);
  }
  expect(html).toContain('<code>relay_status[].url</code>');
});

test('is HTML without script, style or address of another host, and every text in it is escaped', () => {
  const html = renderDocs();
  const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/g)].map(([, tag]) => tag));
  expect([...tags].sort()).toEqual([
    'a',
    'caption',
    'code',
    'h1',
    'h2',
    'html',
    'li',
    'link',
    'main',
    'meta',
    'nav',
    'p',
    'section',
    'table',
    'td',
    'th',
    'title',
    'tr',
    'ul',
  ]);
  expect(html.replace(/<!doctype html>|<\/?[a-z0-9]+( [a-z-]+="[^"<>]*")*>/g, '')).not.toMatch(/[<>"]/);
  expect(
    [...html.matchAll(/(?:href|src)="([^"]*)"/g)]
      .map(([, to]) => to)
      .every((to) => /^(data:,$|[/#])/.test(to ?? '')),
  ).toBe(true);
});

test('is served like the page: to everybody, also by a link from it, whatever the token protects', async () => {
  const api = await openApi({}, { auth: 'token', token: () => 't'.repeat(43) });
  for (const headers of [{}, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }]) {
    const { status, headers: got, text } = await api.get('/docs', headers as Record<string, string>);
    expect([status, got.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(got.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(text).toBe(renderDocs());
  }
  const style = await api.get('/docs.css');
  expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  const compressed = await fetch(`http://${api.own}/docs`, { headers: { 'accept-encoding': 'br' } });
  expect([compressed.headers.get('content-encoding'), await compressed.text()]).toEqual(['br', renderDocs()]);
  const tag = compressed.headers.get('etag') ?? '';
  expect((await api.get('/docs', { 'Accept-Encoding': 'br', 'If-None-Match': tag })).status).toBe(304);
  for (const path of ['/docs/', '/docs.html', '/docsx', '/docs/../token'])
    expect((await api.get(path)).status).toBe(404);
  expect(
    (await api.get('/docs', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })).status,
  ).toBe(403);
});
