import { existsSync, rmSync } from 'node:fs';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import type { Home } from '../../adapters/system/home.ts';
import { lockHolder } from '../../adapters/system/lock.ts';
import { readDefinition } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { printLine } from '../terminal/output.ts';
import { installationOf, lookForSupervisor, serviceHome } from './service-host.ts';

/** `ocmesh service uninstall`. */
export async function uninstallService(flags: {
  readonly purge?: boolean;
  readonly yes?: boolean;
}): Promise<void> {
  const home = serviceHome();
  if (flags.purge && !flags.yes) await confirmPurge(home.path);
  const found = await lookForSupervisor();
  if ('missing' in found) checkNothingIsLeft(found, home);
  else await removeService(found.supervisor, home);
  const said =
    'missing' in found ? `There is no service to remove: ${found.missing}.` : 'ocmesh is uninstalled.';
  const isThere = existsSync(home.path);
  if (!flags.purge || !isThere)
    return printLine(isThere ? `${said} Identity and messages stay in ${home.path}.` : said);
  // A folder of something else, named by mistake, is not ours to remove.
  if (!existsSync(home.keystore))
    throw new ExitError(
      exitCodes.permanent,
      `${said} But ${home.path} holds no identity of ocmesh: it was left alone.`,
    );
  rmSync(home.path, { recursive: true });
  printLine(`${said} ${home.path} is removed.`);
}

async function removeService(supervisor: Supervisor, home: Home): Promise<void> {
  const definition = readDefinition(supervisor.definitionPath);
  const other = definition && supervisor.read(definition)?.home;
  if (other && other !== home.path) {
    throw new ExitError(
      exitCodes.permanent,
      `The service is that of ${other}. Set OCMESH_HOME to that folder.`,
    );
  }
  await installationOf(supervisor, home, {}).uninstall();
}

/** @throws ExitError where a service, or a daemon in the foreground, would be left without its home */
function checkNothingIsLeft(
  { missing, definitionPath }: { readonly missing: string; readonly definitionPath?: string },
  home: Home,
): void {
  if (definitionPath && existsSync(definitionPath)) {
    throw new ExitError(
      exitCodes.permanent,
      `${missing}: the service of ${definitionPath} cannot be removed from here. Nothing was changed.`,
    );
  }
  const holder = lockHolder(home.lockFile);
  if (holder?.alive) {
    throw new ExitError(
      exitCodes.permanent,
      `There is no service to remove: ${missing}. But the daemon of ${home.path} (pid ${holder.pid}) runs: stop it with Ctrl-C where it was started.`,
    );
  }
}

async function confirmPurge(path: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new ExitError(
      exitCodes.permanent,
      `--purge removes ${path} with the identity in it, for ever. Use --yes as well.`,
    );
  }
  const { confirm } = await import('@clack/prompts');
  const message = `Remove ${path} with the identity and all messages in it? Nothing brings them back.`;
  if ((await confirm({ message, initialValue: false })) !== true)
    throw new ExitError(exitCodes.permanent, 'Cancelled.');
}
