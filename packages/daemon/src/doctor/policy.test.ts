import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Policy } from '@ocmesh/shared/contract';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../config/load.ts';
import type { StoreFacts } from './facts.ts';
import { policyCheck } from './policy.ts';

function look(file: object, stored: Partial<Policy> | null) {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(file));
  return policyCheck({
    config: () => loadConfig(path, {}, {}),
    store: async () => stored && ({ policy: stored } as StoreFacts),
  }).look();
}

test('says what counts, and who set it', async () => {
  expect(await look({ mcp_may_trust: true }, { strangers: 'ask' })).toMatchObject({
    state: 'ok',
    found: 'strangers ask by `ocmesh policy`; first_contact allow; mcp_may_trust true by config.json',
  });
  expect(await look({}, null)).toMatchObject({
    state: 'ok',
    found: 'strangers open; first_contact allow; mcp_may_trust false',
  });
});

test('warns where `ocmesh policy` overrides what config.json says', async () => {
  expect(await look({ strangers: 'closed' }, { strangers: 'ask' })).toMatchObject({
    state: 'warn',
    found:
      'strangers ask by `ocmesh policy`, which overrides strangers closed of config.json; first_contact allow; mcp_may_trust false',
    nextStep: 'Remove strangers from config.json, or let it count again: `ocmesh policy strangers closed`.',
  });
});

test('is content where both say the same', async () => {
  expect(await look({ strangers: 'ask' }, { strangers: 'ask' })).toMatchObject({ state: 'ok' });
});
