import type { GatherBounds } from './gathered-writes.ts';
import type { RetentionBounds } from './retention.ts';

/** The limits that a whole agent can be given otherwise than they stand. */
export type Bounds = RetentionBounds & GatherBounds;
