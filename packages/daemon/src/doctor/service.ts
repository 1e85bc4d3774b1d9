import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readDefinition } from '../service/definition-file.ts';
import { describeService } from '../service/description.ts';
import { findSupervisor } from '../service/find-supervisor.ts';
import { createLaunchd } from '../service/launchd.ts';
import { nodeProblem } from '../service/node-path.ts';
import { oldAgentNotice } from '../service/old-agent.ts';
import type { Supervisor } from '../service/supervisor.ts';
import { createSystemd } from '../service/systemd.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from './check.ts';
import type { Surroundings } from './surroundings.ts';

const INSTALL_ANEW = 'Run `ocmesh service install`: it writes the file anew.';

type Deps = Pick<Surroundings, 'home' | 'platform' | 'machine'>;

export const serviceCheck = (deps: Deps): Check => ({
  id: 'service',
  what: 'Service',
  why: 'launchd or systemd keeps the daemon alive; what they cannot start, stays down after the next crash or login.',
  async look() {
    const notice = await oldAgentNotice(deps.machine.run, deps.machine);
    return [await lookAt(deps), ...(notice === null ? [] : [otherAgent(notice)])];
  },
});

function otherAgent(notice: string): Finding {
  const [found = '', intro, ...commands] = notice.split('\n').map((line) => line.trim());
  return warn(found, `${intro} ${commands.join(' && ')}`);
}

async function lookAt({ home, platform, machine }: Deps): Promise<Finding> {
  // By the file, which is there also where nobody answers for it: in a container, or after su.
  const supervisor = supervisorOf(platform, machine);
  const path = supervisor.definitionPath;
  const text = readDefinition(path);
  if (text === null) return skipped('Not installed; `ocmesh service install` does.');
  const installed = supervisor.read(text);
  if (!installed) return fail(`${path} is none of ours, or was changed`, INSTALL_ANEW);
  if (installed.home !== home.path) return skipped(`Installed for another home: ${installed.home}`);
  const problem = await nodeProblem(machine.run, installed.nodePath);
  if (problem !== null) return fail(`${path} starts ${installed.nodePath}: ${problem}`, INSTALL_ANEW);
  const { program } = describeService({ ...installed, watchdogSec: 0 });
  if (!existsSync(program)) return fail(`${path} starts ${program}: it is not there`, INSTALL_ANEW);
  const found = await findSupervisor(machine);
  return 'missing' in found ? ok(`installed. ${found.missing}`) : askFor(found.supervisor);
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
