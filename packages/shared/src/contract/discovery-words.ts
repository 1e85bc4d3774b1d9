import type { Status } from './schemas.ts';

/** Returns the size of the mesh, for example: `about 1200 ± 90 agents online, as the relays count them`; null before the first scan. */
export function describeMesh({ mesh }: Pick<Status['discovery'], 'mesh'>): string | null {
  if (mesh === null) return null;
  const error = mesh.error > 0 ? ` ± ${mesh.error}` : '';
  const counted = mesh.method === 'count' ? ', as the relays count them' : '';
  return `about ${mesh.agents}${error} agents online${counted}`;
}

/** Formats bytes as MB, with one decimal below ten. */
export const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
