import { existsSync, rmSync } from 'node:fs';
import type { Clock } from '@ocmesh/shared/ambient';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import type { Home } from '../../adapters/system/home.ts';
import { findOwner } from '../../adapters/system/ownership.ts';
import { readSpecFile } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import type { CommandContext } from '../terminal/context.ts';
import type { Io } from '../terminal/io.ts';
import { cancelled, confirm } from '../terminal/prompts.ts';
import { findServiceManager, installationOf } from './service-context.ts';

interface UninstallFlags {
  readonly purge?: boolean;
  readonly yes?: boolean;
}

/** Runs `ocmesh service uninstall`. */
export async function uninstallService(
  context: CommandContext,
  { purge = false, yes = false }: UninstallFlags,
): Promise<void> {
  const { home } = context;
  if (purge && !yes) await confirmPurge(context.io, home.path);
  const found = await findServiceManager(context);
  if ('missing' in found) await checkNothingIsLeft(found, home, context.io.clock);
  else await removeService(context, found.supervisor, home);
  const outcome =
    'missing' in found ? `There is no service to remove: ${found.missing}.` : 'ocmesh is uninstalled.';
  const { line } = context.printer();
  const exists = existsSync(home.path);
  if (!purge || !exists)
    return line(exists ? `${outcome} Identity and messages stay in ${home.path}.` : outcome);
  // OCMESH_HOME may name some other folder by mistake: that one is not ours to remove.
  if (!existsSync(home.keystore))
    throw new ExitError(
      exitCodes.permanent,
      `${outcome} But ${home.path} holds no ocmesh identity; it was not removed.`,
    );
  rmSync(home.path, { recursive: true });
  line(`${outcome} ${home.path} is removed.`);
}

async function removeService(context: CommandContext, supervisor: Supervisor, home: Home): Promise<void> {
  const spec = readSpecFile(supervisor.specPath);
  const other = spec && supervisor.read(spec)?.home;
  if (other && other !== home.path) {
    throw new ExitError(
      exitCodes.permanent,
      `The service belongs to ${other}. Set OCMESH_HOME to that folder.`,
    );
  }
  await installationOf(context, supervisor, {}).uninstall();
}

/** @throws ExitError if a service, or a daemon in the foreground, would be left without its home */
async function checkNothingIsLeft(
  { missing, specPath }: { readonly missing: string; readonly specPath?: string },
  home: Home,
  clock: Clock,
): Promise<void> {
  if (specPath && existsSync(specPath)) {
    throw new ExitError(
      exitCodes.permanent,
      `${missing}: the service in ${specPath} cannot be removed from here. Nothing was changed.`,
    );
  }
  const owner = await findOwner(home.lockFile, clock);
  if (owner?.isRunning) {
    throw new ExitError(
      exitCodes.permanent,
      `There is no service to remove: ${missing}. But the daemon of ${home.path} (pid ${owner.pid}) is running: stop it with Ctrl-C where it was started.`,
    );
  }
}

async function confirmPurge(io: Io, path: string): Promise<void> {
  if (!io.stdin.isTTY) {
    throw new ExitError(
      exitCodes.permanent,
      `--purge permanently removes ${path}, including the identity. Not a terminal; pass --yes as well.`,
    );
  }
  if (!(await confirm(io, `Permanently remove ${path} with the identity and all messages?`)))
    throw cancelled();
}
