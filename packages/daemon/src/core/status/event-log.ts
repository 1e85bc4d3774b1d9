import type { Log } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';

/** Logs the events that people follow in the log. Never logs message text. */
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
      return log.info(`message received from ${event.peer}`, { id: event.id });
    case 'request.held':
      return log.info(`message from stranger ${event.pubkey} waits for the owner`);
    case 'status.changed':
      for (const { code, message, next_step } of event.reasons) log.warn(message, { code, next_step });
      if (event.reasons.length === 0) log.info('healthy again');
      return;
    case 'message.state':
      return log.debug(`message ${event.state}`, { id: event.id });
  }
}
