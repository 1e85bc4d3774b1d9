import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPort } from '@ocmesh/shared/contract';
import { shellQuoted } from '@ocmesh/shared/text';
import type { RunCommand } from './run-command.ts';

/** Label of the deployed versions 0.1 and 0.2, which are another implementation of ocmesh. */
const LEGACY_LABEL = 'com.ocmesh.agent';

/** Returns how to stop another implementation of ocmesh that launchd runs on this Mac and that holds our port; null if there is none. */
export async function legacyAgentNotice(
  run: RunCommand,
  { userHome, uid }: { readonly userHome: string; readonly uid: number },
): Promise<string | null> {
  const plist = join(userHome, 'Library/LaunchAgents', `${LEGACY_LABEL}.plist`);
  const isLoaded = (await run('launchctl', ['print', `gui/${uid}/${LEGACY_LABEL}`])).code === 0;
  if (!isLoaded && !existsSync(plist)) return null;
  return [
    `Another implementation of ocmesh is ${isLoaded ? 'running' : 'installed'} as ${LEGACY_LABEL}. It uses port ${defaultPort} and its own identity, which is not imported.`,
    'To stop it permanently:',
    `  launchctl bootout gui/${uid}/${LEGACY_LABEL}`,
    `  mv ${shellQuoted(plist)} ~/.Trash/`,
  ].join('\n');
}
