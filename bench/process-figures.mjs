// What a running process costs, from /proc (Linux).
import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/** @param {string} text @param {string} name */
const number = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);

/** Milliseconds of CPU time so far, user and system, of all threads. @param {number | undefined} pid */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** @param {number | undefined} pid */
export const residentMb = (pid) => number(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') / 1024;

/** How often a thread of the process went to sleep and was woken, so far. @param {number | undefined} pid */
export function wakeUps(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const statuses = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8'));
  return statuses.reduce((sum, text) => sum + number(text, 'voluntary_ctxt_switches'), 0);
}

/** Bytes read and written so far, sockets included. @param {number | undefined} pid */
export function bytesMoved(pid) {
  const text = readFileSync(`/proc/${pid}/io`, 'utf8');
  return { read: number(text, 'rchar'), written: number(text, 'wchar') };
}
