import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Policy } from '@ocmesh/shared/contract';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { StoreFacts } from '../probes/facts.ts';
import { policyCheck } from './policy.ts';

function run(file: object, stored: Partial<Policy> | null) {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(file));
  return policyCheck({
    config: () => loadConfig(path, {}, {}),
    store: async () => stored && ({ policy: stored } as StoreFacts),
  }).run();
}

test('says which rules apply, and where they are set', async () => {
  expect(await run({ mcp_may_trust: true }, { strangers: 'ask' })).toMatchObject({
    state: 'ok',
    found: 'strangers ask (`ocmesh policy`); first_contact allow; mcp_may_trust true (config.json)',
  });
  expect(await run({}, null)).toMatchObject({
    state: 'ok',
    found: 'strangers open; first_contact allow; mcp_may_trust false',
  });
});

test('warns if `ocmesh policy` overrides config.json', async () => {
  expect(await run({ strangers: 'closed' }, { strangers: 'ask' })).toMatchObject({
    state: 'warn',
    found:
      'strangers ask (`ocmesh policy`, overrides closed in config.json); first_contact allow; mcp_may_trust false',
    nextStep: 'Remove strangers from config.json, or apply it: `ocmesh policy strangers closed`.',
  });
});

test('is ok if both are the same', async () => {
  expect(await run({ strangers: 'ask' }, { strangers: 'ask' })).toMatchObject({ state: 'ok' });
});
