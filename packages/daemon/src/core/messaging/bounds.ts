import type { GatherBounds } from '../outbox/write-batcher.ts';
import type { RetentionBounds } from './retention.ts';

/** The limits that a whole agent can be given otherwise than they stand. */
export type Bounds = RetentionBounds & GatherBounds;
