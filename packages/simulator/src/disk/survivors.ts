import type { Chance } from '../chance.ts';

const SECTOR_BYTES = 512;

/** A write that no sync has covered yet. */
export interface Write {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Returns what a power cut leaves of the writes that were not synced: any part, torn at any byte, or without some sectors. */
export function survivorsOf(unsynced: readonly Write[], chance: Chance): readonly Write[] {
  switch (chance.below(5)) {
    case 0:
      return [];
    case 1:
      return unsynced;
    case 2: {
      // The first few writes survive, the last of them torn at any byte.
      const kept = unsynced.slice(0, chance.below(unsynced.length) + 1);
      const torn = kept.pop();
      return torn ? [...kept, cut(torn, chance.below(torn.bytes.length + 1))] : [];
    }
    case 3:
      return unsynced.filter(() => chance.happens(0.5));
    default:
      // All lengths survive, but some sectors are zero.
      return unsynced.map((write) => withoutSectors(write, () => chance.happens(0.5)));
  }
}

const cut = (write: Write, length: number): Write => ({
  position: write.position,
  bytes: write.bytes.subarray(0, length),
});

function withoutSectors({ position, bytes }: Write, isLost: () => boolean): Write {
  const left = Uint8Array.from(bytes);
  const lead = position % SECTOR_BYTES;
  for (let sector = 0; sector * SECTOR_BYTES < lead + bytes.length; sector++) {
    const start = Math.max(0, sector * SECTOR_BYTES - lead);
    if (isLost()) left.fill(0, start, Math.min(bytes.length, (sector + 1) * SECTOR_BYTES - lead));
  }
  return { position, bytes: left };
}
