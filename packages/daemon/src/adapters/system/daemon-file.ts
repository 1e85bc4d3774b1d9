import { rmSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file.ts';

/**
 * Writes `daemon.json`, by which our own clients find the daemon: `{pid, port, url, started_at, proof_key}`, readable
 * by its owner only.
 * @param proofKey by which the daemon proves that it wrote this file
 * @returns a function that removes it
 */
export function writeDaemonFile(path: string, port: number, startedAt: string, proofKey: string): () => void {
  const content = {
    pid: process.pid,
    port,
    url: `http://127.0.0.1:${port}`,
    started_at: startedAt,
    proof_key: proofKey,
  };
  writeFileAtomically(path, `${JSON.stringify(content)}\n`, 0o600);
  return () => rmSync(path, { force: true });
}
