import { ownerAccess } from '@ocmesh/client';
import type { Command } from 'commander';
import { chooseEngine } from '../../adapters/crypto/choose-engine.ts';
import { exitCodes } from '../../adapters/system/exit.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import type { Fix } from '../../doctor/check.ts';
import type { Environment } from '../../doctor/probes/environment.ts';
import type { CheckResult } from '../../doctor/run-checks.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import type { Io } from '../terminal/io.ts';
import { confirm } from '../terminal/prompts.ts';
import { machineOf } from './service-context.ts';

interface DoctorFlags {
  readonly fix?: boolean;
  readonly yes?: boolean;
}

export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('Check home, daemon, relays and MCP clients; say what is wrong and how to fix it.')
    .option('--fix', 'apply safe fixes: lists them, asks, and keeps a copy of what it changes')
    .option('--yes', 'with --fix: do not ask')
    .addHelpText('after', example('ocmesh doctor --fix'))
    .action((flags: DoctorFlags) => runDoctor(context, flags));
}

async function runDoctor(context: CommandContext, flags: DoctorFlags): Promise<void> {
  const { io, paint, printer } = context;
  // Loaded only here: the daemon, which runs for months, does not need it.
  const { formatResult, isSound, summarize, toJson } = await import('../../doctor/report.ts');
  const { applyFixes } = await import('../../doctor/apply-fixes.ts');
  const environment = environmentOf(context);
  const out = printer();
  const show = (result: CheckResult): void => {
    if (!out.json) out.line(formatResult(result, paint));
  };
  let results = await checkEverything(environment, show);
  const fixes = results.flatMap(({ finding }) => finding.fix ?? []);
  let backup: string | null = null;
  if (flags.fix && fixes.length > 0 && (await mayFix(io, fixes, flags.yes ?? false))) {
    backup = await applyFixes(environment.home, fixes, io.clock.now());
    if (!out.json) out.line(`\nDone. A copy of what was changed is in ${backup}\n`);
    results = await checkEverything(environment, show);
  }
  out.result({ ...toJson(results), backup }, () =>
    [
      `\n${summarize(results)}`,
      ...(flags.fix || fixes.length === 0
        ? []
        : [`\`ocmesh doctor --fix\` can fix ${fixes.length} of these.`]),
    ].join('\n'),
  );
  io.setExitCode(isSound(results) ? exitCodes.clean : exitCodes.crash);
}

async function checkEverything(
  environment: Environment,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const { allChecks } = await import('../../doctor/checks/index.ts');
  const { createFacts } = await import('../../doctor/probes/facts.ts');
  const { runChecks } = await import('../../doctor/run-checks.ts');
  const facts = createFacts(environment);
  try {
    return await runChecks(allChecks(environment, facts), onResult);
  } finally {
    await facts.close();
  }
}

async function mayFix(io: Io, fixes: readonly Fix[], isConfirmed: boolean): Promise<boolean> {
  // Not on standard output, which may be read as JSON.
  io.stderr.write(`\nChanges:\n${fixes.map(({ what }) => `  ${what}\n`).join('')}`);
  if (isConfirmed) return true;
  if (io.stdin.isTTY) return confirm(io, 'Apply these changes?');
  io.stderr.write('Nothing was changed: not a terminal; pass --yes to apply fixes.\n');
  return false;
}

const environmentOf = (context: CommandContext): Environment => ({
  home: context.home,
  machine: machineOf(context),
  workingFolder: process.cwd(),
  platform: process.platform,
  nodeVersion: process.versions.node,
  random: createSystemRandom(),
  chooseEngine: () => chooseEngine({ debug() {}, info() {}, warn() {}, error() {} }),
  // Only this home's daemon: OCMESH_API_URL may name another one.
  access: ownerAccess({ env: { OCMESH_HOME: context.home.path } }),
});
