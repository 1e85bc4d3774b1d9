import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundSupervisor } from '../../service/find-supervisor.ts';
import { createLaunchd } from '../../service/launchd.ts';
import { legacyAgentNotice } from '../../service/legacy-agent.ts';
import { nodeProblem } from '../../service/node-path.ts';
import { createServiceSpec } from '../../service/service-spec.ts';
import { readSpecFile } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { createSystemd } from '../../service/systemd.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import type { Environment } from '../probes/environment.ts';
import type { Facts } from '../probes/facts.ts';

const REINSTALL = 'Run `ocmesh service install` to rewrite the file.';

type Deps = Pick<Environment, 'home' | 'platform' | 'machine'>;

export const serviceCheck = (facts: Pick<Facts, 'serviceManager'>, deps: Deps): Check => ({
  id: 'service',
  what: 'Service',
  why: 'launchd or systemd keeps the daemon running; a service that cannot start stays down after the next crash or login.',
  async run() {
    const notice = await legacyAgentNotice(deps.machine.run, deps.machine);
    return [
      await lookAt(await facts.serviceManager(), deps),
      ...(notice === null ? [] : [otherAgent(notice)]),
    ];
  },
});

function otherAgent(notice: string): Finding {
  const [found = '', intro, ...commands] = notice.split('\n').map((line) => line.trim());
  return warn(found, `${intro} ${commands.join(' && ')}`);
}

async function lookAt(manager: FoundSupervisor, { home, platform, machine }: Deps): Promise<Finding> {
  // Looks at the file first: it exists even without a service manager, as in a container or after su.
  const supervisor = supervisorOf(platform, machine);
  const path = supervisor.specPath;
  const text = readSpecFile(path);
  if (text === null) {
    return skipped(
      'missing' in manager
        ? `${manager.missing}. \`ocmesh start\` runs the daemon in the foreground.`
        : 'Not installed; `ocmesh service install` installs it.',
    );
  }
  const reinstall =
    'missing' in manager ? `${REINSTALL} Not possible from here: ${manager.missing}.` : REINSTALL;
  const installed = supervisor.read(text);
  if (!installed) return fail(`${path} is not an ocmesh service, or was changed`, reinstall);
  if (installed.home !== home.path) return skipped(`Installed for another home: ${installed.home}`);
  const problem = await nodeProblem(machine.run, installed.nodePath);
  if (problem !== null) return fail(`${path} starts ${installed.nodePath}: ${problem}`, reinstall);
  const { program } = createServiceSpec({ ...installed, watchdogSec: 0 });
  if (!existsSync(program)) return fail(`${path} starts ${program}, which does not exist`, reinstall);
  return 'missing' in manager ? ok(`installed. ${manager.missing}`) : askFor(manager.supervisor);
}

const supervisorOf = (platform: string, machine: Deps['machine']): Supervisor =>
  platform === 'darwin'
    ? createLaunchd({ ...machine, isAlive: () => false })
    : createSystemd({
        ...machine,
        configFolder: machine.env['XDG_CONFIG_HOME'] || join(machine.userHome, '.config'),
      });

async function askFor({ state, name }: Supervisor): Promise<Finding> {
  const { isLoaded, pid, summary } = await state();
  if (!isLoaded) return warn(`installed, but not loaded by ${name}`, REINSTALL);
  if (pid !== null) return ok(`installed and running under ${name}: ${summary}`);
  const nextStep = 'Run `ocmesh service start`; if that fails, it says why.';
  return (/^failed/.test(summary) ? fail : warn)(
    `installed, but not running under ${name}: ${summary}`,
    nextStep,
  );
}
