import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unseenProxy } from './service-install.ts';

function configFile(content: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(content));
  return join(folder, 'config.json');
}

test('says that the service does not see a proxy of this shell, and never repeats its password', () => {
  const config = configFile({});
  for (const name of ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']) {
    const said = unseenProxy({ [name]: 'http://user:secret@proxy.test' }, config);
    expect(said).toContain(`does not see ${name} of this shell`);
    expect(said).toContain(config);
    expect(said).not.toContain('secret');
  }
});

test.each([{ proxy: 'http://proxy.test' }, { proxy: 'none' }])(
  'says nothing if the owner decided: %j',
  (content) => {
    expect(unseenProxy({ HTTPS_PROXY: 'http://proxy.test' }, configFile(content))).toBeNull();
  },
);

test('says nothing without a proxy', () => {
  expect(unseenProxy({ HTTPS_PROXY: '' }, configFile({}))).toBeNull();
});
