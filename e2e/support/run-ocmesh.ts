import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ocmeshProgram } from './programs.ts';

const run = promisify(execFile);

/** Runs `ocmesh` in a folder, with nothing in its environment but PATH and `env`. Does not reject if it fails. */
export async function runOcmesh(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const environment = { PATH: process.env['PATH'], HOME: folder, ...env };
  const ended = run(process.execPath, [ocmeshProgram, ...args], { env: environment, cwd: folder });
  const { code = 0, stdout, stderr } = await ended.catch((error) => error);
  return { code, stdout, stderr };
}
