import { existsSync, rmSync } from 'node:fs';
import { exitCodes, StartError } from '../adapters/system/exit.ts';
import { readDefinition } from '../service/definition-file.ts';
import { printLine } from './output.ts';
import { installationOf, requireSupervisor, serviceHome } from './service-machine.ts';

/** `ocmesh service uninstall`. */
export async function uninstallService(flags: {
  readonly purge?: boolean;
  readonly yes?: boolean;
}): Promise<void> {
  const home = serviceHome();
  if (flags.purge && !flags.yes) await confirmPurge(home.path);
  const supervisor = await requireSupervisor(
    `So there is no service that could be removed here. Identity and messages are in ${home.path}.`,
  );
  const definition = readDefinition(supervisor.definitionPath);
  const other = definition && supervisor.read(definition)?.home;
  if (other && other !== home.path) {
    throw new StartError(
      exitCodes.permanent,
      `The service is that of ${other}. Set OCMESH_HOME to that folder.`,
    );
  }
  await installationOf(supervisor, home, {}).uninstall();
  if (!flags.purge) {
    return printLine(
      existsSync(home.path)
        ? `ocmesh is uninstalled. Identity and messages stay in ${home.path}.`
        : 'ocmesh is uninstalled.',
    );
  }
  // A folder of something else, named by mistake, is not ours to remove.
  if (!existsSync(home.path)) return printLine('ocmesh is uninstalled.');
  if (!existsSync(home.keystore)) {
    throw new StartError(
      exitCodes.permanent,
      `The service is gone, but ${home.path} holds no identity of ocmesh: it was left alone.`,
    );
  }
  rmSync(home.path, { recursive: true });
  printLine(`ocmesh is uninstalled, and ${home.path} is removed.`);
}

async function confirmPurge(path: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new StartError(
      exitCodes.permanent,
      `--purge removes ${path} with the identity in it, for ever. Use --yes as well.`,
    );
  }
  const { confirm } = await import('@clack/prompts');
  const message = `Remove ${path} with the identity and all messages in it? Nothing brings them back.`;
  if ((await confirm({ message, initialValue: false })) !== true)
    throw new StartError(exitCodes.permanent, 'Cancelled.');
}
