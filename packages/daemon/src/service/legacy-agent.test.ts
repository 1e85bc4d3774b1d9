import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { legacyAgentNotice } from './legacy-agent.ts';

test('finds an agent of the deployed mesh, running or only installed, and says how to stop it', async () => {
  const userHome = mkdtempSync(join(tmpdir(), 'ocmesh-old-'));
  onTestFinished(() => rmSync(userHome, { recursive: true, force: true }));
  const notice = (code: number) =>
    legacyAgentNotice(async () => ({ code, stdout: '', stderr: '' }), { userHome, uid: 501 });
  expect(await notice(113)).toBeNull();
  expect(await notice(0)).toContain('is running as com.ocmesh.agent');
  mkdirSync(join(userHome, 'Library/LaunchAgents'), { recursive: true });
  writeFileSync(join(userHome, 'Library/LaunchAgents/com.ocmesh.agent.plist'), '');
  const text = await notice(113);
  expect(text).toContain('is installed as com.ocmesh.agent');
  expect(text).toContain('launchctl bootout gui/501/com.ocmesh.agent');
  expect(text).toContain(`${userHome}/Library/LaunchAgents/com.ocmesh.agent.plist`);
});
