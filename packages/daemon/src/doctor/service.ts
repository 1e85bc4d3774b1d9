import { existsSync, readFileSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { type Check, type Finding, fail, ok, skipped, warn } from './check.ts';
import { isNewEnough, leastNode } from './node.ts';
import { launchAgentPath, readPlist, readUnit, type ServiceFile, systemdUnitPath } from './service-files.ts';
import type { Surroundings } from './surroundings.ts';

const LABEL = 'com.ocmesh.daemon';
/** Of the deployed JavaScript ocmesh. */
const OTHER_LABEL = 'com.ocmesh.agent';
const INSTALL_ANEW = 'Run `ocmesh service install`: it writes the file anew.';

type Deps = Pick<Surroundings, 'home' | 'userHome' | 'env' | 'platform' | 'uid' | 'run'>;

export const serviceCheck = (deps: Deps): Check => ({
  id: 'service',
  what: 'Service',
  why: 'launchd or systemd keeps the daemon alive; what they cannot start, stays down after the next crash or login.',
  async look() {
    const other = launchAgentPath(deps.userHome, OTHER_LABEL);
    const findings = [await lookAt(deps)];
    if (existsSync(other)) findings.push(otherAgent(other, deps.uid));
    return findings;
  },
});

const otherAgent = (path: string, uid: number | null): Finding =>
  warn(
    `${path}: another ocmesh is installed too`,
    `Both announce themselves as agents. To keep this one: launchctl bootout gui/${uid ?? '$(id -u)'}/${OTHER_LABEL}; then remove that file.`,
  );

async function lookAt(deps: Deps): Promise<Finding> {
  const isMac = deps.platform === 'darwin';
  const path = isMac
    ? launchAgentPath(deps.userHome, LABEL)
    : systemdUnitPath(deps.userHome, deps.env['XDG_CONFIG_HOME']);
  if (!existsSync(path)) return skipped('Not installed; `ocmesh service install` does.');
  const text = readFileSync(path, 'utf8');
  const file = isMac ? readPlist(text) : readUnit(text);
  if (!file) return fail(`${path} names no program`, INSTALL_ANEW);
  if (file.home !== null && file.home !== deps.home.path)
    return skipped(`Installed for another home: ${file.home}`);
  const problem = await cannotStart(file, deps.run);
  if (problem !== null) return fail(`${path}: ${problem}`, INSTALL_ANEW);
  return isMac ? askLaunchd(path, deps) : askSystemd(path, deps);
}

/** null when what it runs is all there. */
async function cannotStart({ program, args }: ServiceFile, run: Deps['run']): Promise<string | null> {
  const missing = [program, ...args].find((word) => isAbsolute(word) && !existsSync(word));
  if (missing !== undefined) return `${missing} is not there`;
  if (!/^node/.test(basename(program))) return null;
  // A Node whose libraries went with an upgrade is there, and does not run.
  const ran = await run(program, ['-p', 'process.versions.node']);
  const version = ran?.code === 0 ? ran.output.trim() : null;
  if (version === null) return `${program} does not run`;
  return isNewEnough(version) ? null : `${program} is version ${version}: ${leastNode} is needed`;
}

async function askSystemd(path: string, { run }: Deps): Promise<Finding> {
  const asked = await run('systemctl', ['--user', 'is-active', 'ocmesh.service']);
  const state = asked?.output.trim().split('\n')[0] ?? '';
  if (['active', 'activating', 'reloading'].includes(state)) return ok(`installed and ${state}`);
  if (state === 'failed')
    return fail(
      `${path}: systemd gave it up`,
      'See why: journalctl --user -u ocmesh -n 20; then `ocmesh service start`.',
    );
  if (['inactive', 'deactivating'].includes(state))
    return warn(`${path}: installed, but ${state}`, 'Run `ocmesh service start`.');
  return ok('installed; systemd does not say whether it runs');
}

async function askLaunchd(path: string, { run, uid }: Deps): Promise<Finding> {
  const asked = await run('launchctl', ['print', `gui/${uid}/${LABEL}`]);
  if (asked === null) return ok('installed; launchd does not say whether it runs');
  if (asked.code !== 0) return warn(`${path}: installed, but not loaded`, 'Run `ocmesh service start`.');
  if (/^\s*state = running$/m.test(asked.output)) return ok('installed and running');
  return warn(
    `${path}: loaded, but not running`,
    'See why: ocmesh.log in the home folder; then `ocmesh service restart`.',
  );
}
