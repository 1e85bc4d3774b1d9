import type { Log } from '@ocmesh/shared/ambient';
import { reasonStep } from '@ocmesh/shared/contract';
import { isPlainId } from '@ocmesh/shared/text';
import type { DomainEvent } from '../model/domain-events.ts';

/** Logs the events that people follow in the log. Never logs message text: agents read the log as well. */
export function logEvent(event: DomainEvent, log: Log): void {
  switch (event.type) {
    case 'peer.discovered':
      return log.info(`discovered peer ${event.peer.pubkey}`, {
        name: event.peer.name,
        version: event.peer.version,
      });
    case 'peer.handshaked':
      return log.info(`handshake acknowledged by ${event.pubkey}`);
    case 'message.received':
      return log.info(`message received from ${event.peer}`, {
        // Its sender chose it.
        id: isPlainId(event.id) ? event.id : undefined,
        arrival: event.arrival,
      });
    case 'request.waiting':
      return log.info(`stranger ${event.pubkey} waits for the owner`);
    case 'conversation.paused':
      return log.warn(`conversation with ${event.pubkey} paused: it looks like two programs in a loop`);
    case 'status.changed':
      for (const reason of event.reasons)
        log.warn(reason.message, { code: reason.code, next_step: reasonStep(reason, 'command') });
      if (event.reasons.length === 0) log.info('healthy again');
      return;
    case 'relays.suspected':
      return log.info('an online peer has not confirmed what relays accepted', {
        relays: event.relays.join(' '),
      });
    case 'message.state':
      return log.debug(`message ${event.state}`, { id: event.id });
  }
}
