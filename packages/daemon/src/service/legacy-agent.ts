import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPort } from '@ocmesh/shared/contract';
import type { RunCommand } from './run-command.ts';

/** The label under which the deployed versions 0.1 and 0.2 of other people's ocmesh run. */
const OLD_LABEL = 'com.ocmesh.agent';

/** What to do about another ocmesh that launchd keeps alive on this Mac, and with it the port; null where there is none. */
export async function oldAgentNotice(
  run: RunCommand,
  { userHome, uid }: { readonly userHome: string; readonly uid: number },
): Promise<string | null> {
  const plist = join(userHome, 'Library/LaunchAgents', `${OLD_LABEL}.plist`);
  const isLoaded = (await run('launchctl', ['print', `gui/${uid}/${OLD_LABEL}`])).code === 0;
  if (!isLoaded && !existsSync(plist)) return null;
  return [
    `An ocmesh of another make is ${isLoaded ? 'running' : 'installed'} as ${OLD_LABEL}. It keeps port ${defaultPort} and an identity of its own, which is not taken over.`,
    'To stop it for good:',
    `  launchctl bootout gui/${uid}/${OLD_LABEL}`,
    `  mv ${shellQuoted(plist)} ~/.Trash/`,
  ].join('\n');
}

/** As a person can paste it. */
export const shellQuoted = (text: string): string =>
  /^[\w/.:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
