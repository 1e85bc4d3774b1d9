import { styleText } from 'node:util';
import { ownerAccess } from '@ocmesh/client';
import type { Command } from 'commander';
import { chooseEngine } from '../../adapters/crypto/choose-engine.ts';
import { exitCodes } from '../../adapters/system/exit.ts';
import { homeFiles } from '../../adapters/system/home.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import type { Fix } from '../../doctor/check.ts';
import type { Surroundings } from '../../doctor/probes/environment.ts';
import type { Paint } from '../../doctor/report.ts';
import type { Inspected } from '../../doctor/run-checks.ts';
import { example } from '../terminal/context.ts';
import { printLine } from '../terminal/output.ts';
import { machine } from './service-host.ts';
import { homePath } from './start.ts';

interface DoctorFlags {
  readonly fix?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Examine home, daemon, relays and clients, and say what is wrong and what helps.')
    .option('--fix', 'mend what can be mended safely: shows it first, asks, and keeps a copy')
    .option('--yes', 'with --fix: do not ask')
    .addHelpText('after', example('ocmesh doctor --fix'))
    .action(run);
}

async function run(flags: DoctorFlags): Promise<void> {
  // Loaded here alone: the daemon, which runs for months, has no use for it.
  const { describe, isSound, summarize, toJson } = await import('../../doctor/report.ts');
  const { mend } = await import('../../doctor/apply-fixes.ts');
  const surroundings = look();
  const paint = flags.json ? plain : colours();
  const print = flags.json ? () => {} : (one: Inspected) => printLine(describe(one, paint));
  let all = await examineHome(surroundings, print);
  const fixes = all.flatMap(({ finding }) => finding.fix ?? []);
  let backup: string | null = null;
  if (flags.fix && fixes.length > 0 && (await mayMend(fixes, flags))) {
    backup = mend(surroundings.home, fixes, machine.clock.now());
    if (!flags.json) printLine(`\nDone. What it was like before is in ${backup}\n`);
    all = await examineHome(surroundings, print);
  }
  if (flags.json) printLine(JSON.stringify({ ...toJson(all), backup }, null, 2));
  else printLine(`\n${summarize(all)}`);
  if (!flags.json && !flags.fix && fixes.length > 0)
    printLine(`\`ocmesh doctor --fix\` can mend ${fixes.length} of these.`);
  process.exitCode = isSound(all) ? exitCodes.clean : exitCodes.crash;
}

async function examineHome(
  surroundings: Surroundings,
  onExamined: (one: Inspected) => void,
): Promise<Inspected[]> {
  const { allChecks } = await import('../../doctor/checks/index.ts');
  const { createFacts } = await import('../../doctor/probes/facts.ts');
  const { examine } = await import('../../doctor/run-checks.ts');
  const facts = createFacts(surroundings);
  try {
    return await examine(allChecks(surroundings, facts), onExamined);
  } finally {
    await facts.close();
  }
}

async function mayMend(fixes: readonly Fix[], flags: DoctorFlags): Promise<boolean> {
  // Standard output may be for a program.
  const tell = (line: string): boolean => process.stderr.write(`${line}\n`);
  tell(`\nTo be changed:\n${fixes.map(({ what }) => `  ${what}`).join('\n')}`);
  if (flags.yes) return true;
  if (!process.stdin.isTTY) {
    tell('Nothing was changed: there is no terminal to ask at. Say --yes to do it.');
    return false;
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: 'Do that?', initialValue: false });
  return answer === true && !isCancel(answer);
}

function look(): Surroundings {
  const home = homeFiles(homePath());
  const { platform, versions } = process;
  return {
    home,
    machine,
    workingFolder: process.cwd(),
    platform,
    nodeVersion: versions.node,
    random: createSystemRandom(),
    chooseEngine: () => chooseEngine({ debug() {}, info() {}, warn() {}, error() {} }),
    // Of this home, whatever else OCMESH_API_URL may name.
    access: ownerAccess({ env: { OCMESH_HOME: home.path } }),
  };
}

const plain: Paint = (_style, text) => text;

const colours = (): Paint =>
  process.stdout.isTTY && !process.env['NO_COLOR'] ? (style, text) => styleText(style, text) : plain;
