import type { Files } from '../../../daemon/src/adapters/store/engine/files.ts';
import type { Chance } from '../chance.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { type CrashKind, createInode, type DiskState, type Inode, openFiles } from './open-files.ts';
import { survivorsOf } from './survivors.ts';

export type { CrashKind };

/** The disk of one machine: keeps what was synced, and of the rest what a crash leaves. */
export interface SimulatedDisk {
  /** Opens the disk for one process. `onCrash` is called when the operation comes at which the process is to die. */
  forProcess(onCrash: (how: CrashKind) => void): Files & { end(): void };
  /** Makes the process die at this file operation from now, or at this rename. */
  crashAt(operations: number, how: CrashKind, at?: 'any' | 'rename'): void;
  /** Whether a file may grow. */
  setFull(isFull: boolean): void;
  /** Delays every sync by this much more. */
  setSlow(ms: number): void;
  /** Loses of what was not synced what a power cut loses. */
  cutPower(): void;
  /** Returns another disk with the same files. */
  copy(chance: Chance): SimulatedDisk;
  /** Removes all files. */
  wipe(): void;
}

export function createSimulatedDisk(
  virtual: VirtualClock,
  chance: Chance,
  initial: ReadonlyMap<string, Buffer> = new Map(),
): SimulatedDisk {
  const inodes = [...initial].map(([path, bytes]): [string, Inode] => [path, createInode(bytes)]);
  const disk: DiskState = {
    names: new Map(inodes),
    syncedNames: new Map(inodes),
    unsyncedChanges: [],
    isFull: false,
    slowMs: 0,
    crash: null,
  };
  const { names, syncedNames } = disk;

  return {
    forProcess: (onCrash) => openFiles(disk, virtual, chance, onCrash),
    crashAt(left, how, at = 'any') {
      disk.crash = { left, how, at };
    },
    setFull(isFull) {
      disk.isFull = isFull;
    },
    setSlow(ms) {
      disk.slowMs = ms;
    },
    cutPower() {
      const { unsyncedChanges } = disk;
      const kept = unsyncedChanges.slice(0, chance.below(unsyncedChanges.length + 1));
      for (const apply of kept) apply(syncedNames);
      disk.unsyncedChanges = [];
      names.clear();
      for (const [path, inode] of syncedNames) {
        for (const write of survivorsOf(inode.unsynced, chance)) inode.synced.write(write);
        inode.unsynced = [];
        inode.content.replaceBy(inode.synced.copy());
        names.set(path, inode);
      }
    },
    copy: (forCopy) =>
      createSimulatedDisk(
        virtual,
        forCopy,
        new Map([...names].map(([path, { content }]) => [path, content.copy()])),
      ),
    wipe() {
      names.clear();
      syncedNames.clear();
      disk.unsyncedChanges = [];
    },
  };
}
