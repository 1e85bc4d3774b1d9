import { basename, dirname } from 'node:path';
import type { Files, OpenFile } from '../../../daemon/src/adapters/store/engine/files.ts';
import type { Chance } from '../chance.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { createFileContent, type FileContent } from './file-content.ts';
import type { Write } from './survivors.ts';

/** Milliseconds that a healthy disk takes to sync. */
const SYNC_MS = { from: 1, to: 12 };

/** A killed process leaves what it wrote to the system; a power cut does not. */
export type CrashKind = 'kill' | 'power cut';

export interface Inode {
  /** As processes see it. */
  readonly content: FileContent;
  /** As it is on disk for sure. */
  readonly synced: FileContent;
  unsynced: Write[];
}

/** @param bytes what is already on disk */
export const createInode = (bytes: Uint8Array = Buffer.alloc(0)): Inode => ({
  content: createFileContent(bytes),
  synced: createFileContent(bytes),
  unsynced: [],
});

type NameChange = (names: Map<string, Inode>) => void;

/** What all processes on a disk share. */
export interface DiskState {
  /** As processes see them. */
  readonly names: Map<string, Inode>;
  /** As they are on disk for sure. */
  readonly syncedNames: Map<string, Inode>;
  unsyncedChanges: NameChange[];
  isFull: boolean;
  slowMs: number;
  /** The process dies when no operation is left; only renames count, if it says so. */
  crash: { left: number; readonly how: CrashKind; readonly at: 'any' | 'rename' } | null;
}

/** Opens the disk as one process sees it: once that has ended, every operation throws, and none is confirmed. */
export function openFiles(
  disk: DiskState,
  virtual: VirtualClock,
  chance: Chance,
  onCrash: (how: CrashKind) => void,
): Files & { end(): void } {
  let isOver = false;

  /** Counts an operation. Throws if the process is dead, or dies here. */
  function begin(operation?: 'rename'): void {
    if (isOver) throw new Error('the process has ended');
    if (!disk.crash || (disk.crash.at === 'rename' && operation !== 'rename') || --disk.crash.left > 0)
      return;
    const { how } = disk.crash;
    disk.crash = null;
    isOver = true;
    onCrash(how);
    throw new Error('the process has ended');
  }

  /** Resolves when the disk responds; never, if the process is dead by then. */
  const respond = (then: () => void): Promise<void> =>
    new Promise((resolve) => {
      virtual.at(virtual.now() + chance.between(SYNC_MS.from, SYNC_MS.to) + disk.slowMs, () => {
        if (isOver) return;
        then();
        resolve();
      });
    });

  function change(apply: NameChange): void {
    apply(disk.names);
    disk.unsyncedChanges.push(apply);
  }

  function inodeAt(path: string): Inode {
    const inode = disk.names.get(path);
    if (!inode) throw systemError('ENOENT', path);
    return inode;
  }

  function open(inode: Inode): OpenFile {
    async function sync(): Promise<void> {
      begin();
      const covered = [...inode.unsynced];
      await respond(() => {
        for (const write of covered) inode.synced.write(write);
        inode.unsynced = inode.unsynced.filter((write) => !covered.includes(write));
      });
    }
    return {
      write(bytes, position) {
        const write = { position, bytes: Buffer.from(bytes) };
        const grows = position + bytes.length > inode.content.length();
        const wasAlive = !isOver;
        try {
          begin();
        } catch (error) {
          // Dies half-way. A process that was dead before writes nothing.
          if (wasAlive) put(inode, { position, bytes: write.bytes.subarray(0, chance.below(bytes.length)) });
          throw error;
        }
        if (disk.isFull && grows) throw systemError('ENOSPC', 'write');
        put(inode, write);
      },
      sync,
      datasync: sync,
      isLinked: () => [...disk.names.values()].includes(inode),
      close() {},
    };
  }

  return {
    read(path: string) {
      begin();
      const inode = disk.names.get(path);
      return inode ? inode.content.copy() : null;
    },
    list(folder: string) {
      begin();
      return [...disk.names.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));
    },
    create(path: string) {
      begin();
      if (disk.names.has(path)) throw systemError('EEXIST', path);
      if (disk.isFull) throw systemError('ENOSPC', path);
      const inode = createInode();
      change((all) => all.set(path, inode));
      return open(inode);
    },
    rename(from: string, to: string) {
      begin('rename');
      const inode = inodeAt(from);
      change((all) => {
        if (all.get(from) === inode) all.delete(from);
        all.set(to, inode);
      });
    },
    link(from: string, to: string) {
      begin();
      const inode = inodeAt(from);
      change((all) => all.set(to, inode));
    },
    remove(path: string) {
      begin();
      if (disk.names.has(path)) change((all) => all.delete(path));
    },
    async syncFolder() {
      begin();
      const covered = [...disk.unsyncedChanges];
      await respond(() => {
        for (const apply of covered) if (disk.unsyncedChanges.includes(apply)) apply(disk.syncedNames);
        disk.unsyncedChanges = disk.unsyncedChanges.filter((apply) => !covered.includes(apply));
      });
    },
    end() {
      isOver = true;
    },
  };
}

function put(inode: Inode, write: Write): void {
  inode.content.write(write);
  inode.unsynced.push(write);
}

const systemError = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code, errno: -1, syscall: 'simulated' });
