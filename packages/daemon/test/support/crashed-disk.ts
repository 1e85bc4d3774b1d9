import { type FileOperation, overwrite } from './memory-files.ts';
import type { Chance } from './seed.ts';

// Simulates a power cut. Of a file, synced data survives, and of later writes any part may: torn at any byte, or without
// some sectors. Of a folder, synced names survive, and of later changes the first few may. Assumption: writing a part of a
// sector keeps the rest of it intact.

export type Disk = ReadonlyMap<string, Buffer>;

const SECTOR_BYTES = 512;

type Write = Extract<FileOperation, { op: 'write' }>;
type NameChange = Extract<FileOperation, { op: 'create' | 'rename' | 'link' | 'remove' }>;

/** Replays the operations made on a disk, and can cut the power after any of them. */
export function createCrasher(initial: Disk, operations: readonly FileOperation[]) {
  const names = new Map([...initial.keys()].map((path, number) => [path, number + 1]));
  const synced = new Map([...initial.values()].map((bytes, number) => [number + 1, Buffer.from(bytes)]));
  let writes: { readonly at: number; readonly write: Write }[] = [];
  let changes: { readonly at: number; readonly change: NameChange }[] = [];
  let position = 0;

  function advance(to: number): void {
    for (; position < to; position++) follow(operations[position] as FileOperation, position);
  }

  function follow(operation: FileOperation, at: number): void {
    switch (operation.op) {
      case 'write':
        writes.push({ at, write: operation });
        break;
      case 'sync': {
        const kept = ({ at, write }: (typeof writes)[number]) =>
          write.inode === operation.inode && at < operation.after;
        for (const entry of writes) if (kept(entry)) apply(synced, entry.write);
        writes = writes.filter((entry) => !kept(entry));
        break;
      }
      case 'syncFolder':
        for (const { at, change } of changes) if (at < operation.after) applyName(names, change);
        changes = changes.filter(({ at }) => at >= operation.after);
        break;
      case 'acknowledged':
        break;
      default:
        changes.push({ at, change: operation });
    }
  }

  function crash(chance: Chance): Map<string, Buffer> {
    const left = new Map(names);
    for (const { change } of changes.slice(0, chance.below(changes.length + 1))) applyName(left, change);
    return new Map([...left].map(([path, inode]) => [path, contentAfter(inode, chance)]));
  }

  function contentAfter(inode: number, chance: Chance): Buffer {
    const content = new Map([[inode, Buffer.from(synced.get(inode) ?? [])]]);
    const unsynced = writes.map(({ write }) => write).filter((write) => write.inode === inode);
    for (const write of survivors(unsynced, chance)) apply(content, write);
    return content.get(inode) as Buffer;
  }

  return { advance, crash };
}

function survivors(unsynced: readonly Write[], chance: Chance): Write[] {
  switch (chance.below(6)) {
    case 0:
      return [];
    case 1:
      // As after a kill of the process: the system still writes everything.
      return [...unsynced];
    case 2: {
      // The first few writes survive, the last of them torn at any byte.
      const kept = unsynced.slice(0, chance.below(unsynced.length) + 1);
      const torn = kept.pop();
      return torn
        ? [...kept, { ...torn, bytes: torn.bytes.subarray(0, chance.below(torn.bytes.length + 1)) }]
        : [];
    }
    case 3:
      return unsynced.filter(() => chance.happens(0.5));
    case 4:
      // All lengths survive, but some sectors are zero.
      return unsynced.map((write) => ({ ...write, bytes: withoutSectors(write, () => chance.happens(0.5)) }));
    default: {
      // Everything survives except a run of sectors.
      return unsynced.map((write) => {
        const first = chance.below(write.bytes.length / SECTOR_BYTES + 1);
        const last = first + chance.below(4);
        return { ...write, bytes: withoutSectors(write, (sector) => sector >= first && sector <= last) };
      });
    }
  }
}

/** Zeroes the lost sectors of a write. @param isLost by the sector's number, counted from the one the write begins in */
function withoutSectors({ position, bytes }: Write, isLost: (sector: number) => boolean): Buffer {
  const left = Buffer.from(bytes);
  const lead = position % SECTOR_BYTES;
  for (let sector = 0; sector * SECTOR_BYTES < lead + bytes.length; sector++) {
    const start = Math.max(0, sector * SECTOR_BYTES - lead);
    if (isLost(sector)) left.subarray(start, (sector + 1) * SECTOR_BYTES - lead).fill(0);
  }
  return left;
}

function apply(contents: Map<number, Buffer>, { inode, position, bytes }: Write): void {
  contents.set(inode, overwrite(contents.get(inode) ?? Buffer.alloc(0), position, bytes));
}

function applyName(names: Map<string, number>, change: NameChange): void {
  if (change.op === 'create') names.set(change.path, change.inode);
  else if (change.op === 'remove') names.delete(change.path);
  else {
    const inode = names.get(change.path);
    if (inode !== undefined) names.set(change.to, inode);
    if (change.op === 'rename') names.delete(change.path);
  }
}
