import { dayMs } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';

/** How long after its signature a message may be new: senders retry for so long. */
export const MESSAGE_LOOK_BACK_MS = limits.message.days * dayMs;
