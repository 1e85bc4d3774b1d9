import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundSupervisor } from '../../service/find-supervisor.ts';
import { createLaunchd } from '../../service/launchd.ts';
import { oldAgentNotice } from '../../service/legacy-agent.ts';
import { nodeProblem } from '../../service/node-path.ts';
import { describeService } from '../../service/service-spec.ts';
import { readDefinition } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { createSystemd } from '../../service/systemd.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import type { Environment } from '../probes/environment.ts';
import type { Facts } from '../probes/facts.ts';

const INSTALL_ANEW = 'Run `ocmesh service install`: it writes the file anew.';

type Deps = Pick<Environment, 'home' | 'platform' | 'machine'>;

export const serviceCheck = (facts: Pick<Facts, 'serviceManager'>, deps: Deps): Check => ({
  id: 'service',
  what: 'Service',
  why: 'launchd or systemd keeps the daemon alive; what they cannot start, stays down after the next crash or login.',
  async run() {
    const notice = await oldAgentNotice(deps.machine.run, deps.machine);
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
  // By the file, which is there also where nobody answers for it: in a container, or after su.
  const supervisor = supervisorOf(platform, machine);
  const path = supervisor.definitionPath;
  const text = readDefinition(path);
  if (text === null) {
    return skipped(
      'missing' in manager
        ? `${manager.missing}. \`ocmesh start\` runs the daemon in the foreground.`
        : 'Not installed; `ocmesh service install` does.',
    );
  }
  const anew = 'missing' in manager ? `${INSTALL_ANEW} Not from here: ${manager.missing}.` : INSTALL_ANEW;
  const installed = supervisor.read(text);
  if (!installed) return fail(`${path} is none of ours, or was changed`, anew);
  if (installed.home !== home.path) return skipped(`Installed for another home: ${installed.home}`);
  const problem = await nodeProblem(machine.run, installed.nodePath);
  if (problem !== null) return fail(`${path} starts ${installed.nodePath}: ${problem}`, anew);
  const { program } = describeService({ ...installed, watchdogSec: 0 });
  if (!existsSync(program)) return fail(`${path} starts ${program}: it is not there`, anew);
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
  const { isLoaded, pid, words } = await state();
  if (!isLoaded) return warn(`installed, but ${name} does not know it`, INSTALL_ANEW);
  if (pid !== null) return ok(`installed, and ${name} runs it: ${words}`);
  const nextStep = 'Run `ocmesh service start`; if it does not come up, that says why.';
  return (/^failed/.test(words) ? fail : warn)(`installed, but ${name} does not run it: ${words}`, nextStep);
}
