// The agent's contacts: each is on for an hour and off for an hour, and sends it a message in each of those hours.
import {
  chatPayload,
  dialectOf,
  helloPayload,
  kinds,
  ourFeatures,
  parsePayload,
  pongPayload,
  receiptPayloads,
  tagValue,
} from '@ocmesh/shared/wire';
import { createSystemRandom } from '../../packages/daemon/dist/adapters/system/random.js';
import { createIdentity } from '../../packages/daemon/dist/core/identity/identity.js';
import { engine, keyOf, presenceOf, secretKeyOf } from './crowd.mjs';

const SESSION_SEC = 3_600;
/** Seconds between the sessions of one contact and those of the next. */
const SHIFT_SEC = 397;
/** When a contact writes, in its hour. */
const WRITE_SEC = 1_700;
const dialect = dialectOf({ features: [...ourFeatures], version: '0.4.0' });

/**
 * @param {number} count @param {any} clock @param {number} everySec how often a contact announces itself
 * @param {{ agent: () => any, publish: (event: any) => void }} to
 */
export function createContacts(count, clock, everySec, { agent, publish }) {
  const nowSec = () => Math.floor(clock.now() / 1000);
  const random = createSystemRandom();
  const contacts = Array.from({ length: count }, (_, i) => {
    const n = 10_000_000 + i;
    return {
      n,
      identity: createIdentity({ engine, random, clock }, secretKeyOf(n)),
      pubkey: keyOf(n),
      isOn: false,
      announced: /** @type {any} */ (null),
      dueSec: 0,
      changedSec: 0,
      wroteIn: -1,
      wrote: 0,
      /** What relays keep for it while it is off. @type {any[]} */
      mailbox: [],
    };
  });
  const byKey = new Map(contacts.map((contact) => [contact.pubkey, contact]));
  const seen = new Set();
  /** Ids of messages. */
  const shown = new Set();
  /** Texts that contacts sent, in order. @type {{ text: string, atSec: number }[]} */
  const sent = [];
  /** Texts that contacts received. @type {string[]} */
  const received = [];

  /** @typedef {typeof contacts[number]} Contact */
  /** @param {Contact} contact @param {string} payload */
  function send(contact, payload) {
    publish(
      contact.identity.sealDm(agent(), payload, nowSec(), 'nip17', { wrap: { nowSec: nowSec() } }).event,
    );
  }

  /** @param {Contact} contact @param {string} pingId @param {(event: any) => void} publishThere */
  function reply(contact, pingId, publishThere) {
    const wrap = { nowSec: nowSec(), backDatedSec: 0, isEphemeral: true };
    const options = { replyTo: pingId, wrap };
    publishThere(
      contact.identity.sealDm(agent(), pongPayload(clock.now()), nowSec(), 'nip17', options).event,
    );
  }

  /** @param {Contact} contact @param {any} event @param {(event: any) => void} publishThere to the relay that the event came from */
  function read(contact, event, publishThere) {
    const { id, plaintext } = contact.identity.openDm(event);
    const payload = parsePayload(plaintext);
    if (payload.kind === 'ping') reply(contact, id, publishThere);
    if (payload.kind === 'hello') {
      const hello = { from: contact.pubkey, tsMs: clock.now(), name: null, about: null, capabilities: [] };
      send(contact, helloPayload(hello, dialect));
    }
    if (payload.kind !== 'chat' || payload.mid === null) return;
    // The agent repeats what is not confirmed in a new event, with the same id.
    if (!shown.has(payload.mid)) received.push(payload.content);
    shown.add(payload.mid);
    for (const receipt of receiptPayloads('delivered', [payload.mid], clock.now(), dialect))
      send(contact, receipt);
  }

  /** @param {Contact} contact @param {number} session */
  function write(contact, session) {
    if (contact.wroteIn === session || (nowSec() + shiftOf(contact)) % SESSION_SEC < WRITE_SEC) return;
    contact.wroteIn = session;
    contact.wrote++;
    const text = `message ${sent.length}`;
    sent.push({ text, atSec: nowSec() });
    const draft = {
      type: 'text',
      content: text,
      data: null,
      mid: `bench-${sent.length}`.padEnd(16, '0'),
      tsMs: clock.now(),
    };
    send(contact, chatPayload({ ...draft, seq: contact.wrote, replyTo: null, hops: 0 }, dialect));
  }

  const shiftOf = (/** @type {Contact} */ contact) => contacts.indexOf(contact) * SHIFT_SEC;

  /** @param {Contact} contact @param {'online' | 'offline'} status */
  function announce(contact, status) {
    const atSec = status === 'online' ? nowSec() : contact.announced.created_at + 1;
    contact.announced = presenceOf(contact.n, atSec, everySec, { status });
    contact.dueSec = nowSec() + everySec;
    publish(contact.announced);
  }

  return {
    contacts,
    sent,
    received,
    /** Lets them act. Every other time they end without a word, as by a power cut. */
    live() {
      for (const contact of contacts) {
        const session = Math.floor((nowSec() + shiftOf(contact)) / SESSION_SEC);
        const isOn = session % 2 === 0;
        if (isOn !== contact.isOn) {
          contact.isOn = isOn;
          contact.changedSec = nowSec();
          contact.dueSec = nowSec();
          if (isOn) for (const event of contact.mailbox.splice(0)) read(contact, event, publish);
          else if (contact.announced && Math.floor(session / 2) % 2 === 0) announce(contact, 'offline');
        }
        if (!isOn) continue;
        if (nowSec() >= contact.dueSec) announce(contact, 'online');
        write(contact, session);
      }
    },
    /** Takes what a relay received. @param {any} event @param {(event: any) => void} publishThere */
    take(event, publishThere) {
      const contact = byKey.get(tagValue(event, 'p'));
      if (!contact || event.pubkey === contact.pubkey || seen.has(event.id)) return;
      seen.add(event.id);
      if (contact.isOn) read(contact, event, publishThere);
      else if (event.kind === kinds.giftWrap) contact.mailbox.push(event);
    },
  };
}
