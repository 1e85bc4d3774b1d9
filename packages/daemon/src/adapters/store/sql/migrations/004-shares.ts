/** What the records of a message take beside its text, as in `core/model/message.ts`. */
const ROW_BYTES = 1400;
const PAGE_BYTES = 4096;

/** Bytes that a row with this many bytes of text takes. SQLite gives long rows pages of their own. */
const roomOf = (text: string): string =>
  `(${ROW_BYTES} + iif(${text} > ${PAGE_BYTES / 2}, (${text} + ${PAGE_BYTES - 1}) / ${PAGE_BYTES} * ${PAGE_BYTES}, ${text}))`;

/** Bytes of what the peer wrote. */
const textOf = (row: string): string =>
  `(octet_length(${row}.content) + coalesce(octet_length(${row}.data), 0))`;
const messageRoom = (row: string): string =>
  roomOf(
    `(${textOf(row)} + coalesce(octet_length(${row}.subject), 0) + coalesce(octet_length(${row}.recipients), 0))`,
  );
const heldRoom = (row: string): string => roomOf(`octet_length(${row}.message)`);
const outboxRoom = (row: string): string =>
  roomOf(`(octet_length(${row}.event) + coalesce(octet_length(${row}.payload), 0))`);
const isRemovable = (row: string): string => `(${row}.read = 1 AND ${row}.receipt_due = 'none')`;

const standingOf = (peer: string): string => `coalesce((SELECT CASE
  WHEN p.trust <> 'stranger' THEN p.trust WHEN p.last_seq > 0 THEN 'answered' ELSE 'stranger' END
  FROM peers p WHERE p.pubkey = ${peer}), 'stranger')`;

/** Bytes, unless the name says otherwise. */
export const COLUMNS = [
  'received',
  'received_count',
  'removable',
  'unread_count',
  'unread_text',
  'sent',
  'outbox',
] as const;
type Column = (typeof COLUMNS)[number];

/** Adds to the sums of a peer, and to those of its standing. */
function change(peer: string, by: Partial<Record<Column, string>>): string {
  const set = Object.entries(by)
    .map(([column, amount]) => `${column} = ${column} + ${amount}`)
    .join(', ');
  return `UPDATE shares SET ${set} WHERE peer = ${peer};`;
}

const added = (row: 'NEW' | 'OLD', sign: '' | '-') => ({
  incoming: {
    received: `${sign}${messageRoom(row)}`,
    received_count: `${sign}1`,
    removable: `${sign}${isRemovable(row)} * ${messageRoom(row)}`,
    unread_count: `${sign}(1 - ${row}.read)`,
    unread_text: `${sign}(1 - ${row}.read) * ${textOf(row)}`,
  },
  outgoing: { sent: `${sign}${messageRoom(row)}` },
});

const open = (peer: string): string =>
  `INSERT INTO shares(peer, standing) SELECT ${peer}, ${standingOf(peer)}
   WHERE NOT EXISTS (SELECT 1 FROM shares WHERE peer = ${peer});`;
const close = (peer: string): string =>
  `DELETE FROM shares WHERE peer = ${peer} AND received = 0 AND sent = 0 AND outbox = 0;`;

/** Adds to the sums of a standing. @param amount of a column */
const sumsChange = (standing: string, amount: (column: Column) => string): string =>
  `UPDATE share_sums SET ${COLUMNS.map((column) => `${column} = ${column} + ${amount(column)}`).join(', ')}
   WHERE standing = ${standing};`;

const columns = COLUMNS.map((column) => `${column} INTEGER NOT NULL DEFAULT 0`).join(', ');

/**
 * What each peer's messages take, and the sums of all peers of one standing. Triggers keep them in the transaction that changes
 * the messages, also in a replay: reading them is cheap, and a start need not count 100,000 messages, which took 0.5 s.
 */
export const shares = `
CREATE TABLE shares(peer TEXT PRIMARY KEY, standing TEXT NOT NULL, ${columns}) STRICT, WITHOUT ROWID;
CREATE TABLE share_sums(standing TEXT PRIMARY KEY, ${columns}) STRICT, WITHOUT ROWID;
INSERT INTO share_sums(standing) VALUES('contact'), ('answered'), ('stranger'), ('blocked');

INSERT INTO shares(peer, standing) SELECT DISTINCT peer, 'stranger' FROM
  (SELECT DISTINCT peer FROM messages UNION ALL SELECT peer FROM held UNION ALL SELECT peer FROM outbox);
UPDATE shares SET standing = ${standingOf('shares.peer')};
UPDATE shares SET received = m.received, received_count = m.received_count, removable = m.removable, unread_count = m.unread_count,
    unread_text = m.unread_text, sent = m.sent
  FROM (SELECT peer, sum(iif(direction = 'in', ${messageRoom('messages')}, 0)) AS received, sum(direction = 'in') AS received_count,
      sum(iif(direction = 'in' AND ${isRemovable('messages')}, ${messageRoom('messages')}, 0)) AS removable,
      sum(iif(direction = 'in', 1 - read, 0)) AS unread_count,
      sum(iif(direction = 'in' AND read = 0, ${textOf('messages')}, 0)) AS unread_text,
      sum(iif(direction = 'in', 0, ${messageRoom('messages')})) AS sent
    FROM messages GROUP BY peer) AS m WHERE m.peer = shares.peer;
UPDATE shares SET received = received + h.room, received_count = received_count + h.count
  FROM (SELECT peer, sum(${heldRoom('held')}) AS room, count(*) AS count FROM held GROUP BY peer) AS h WHERE h.peer = shares.peer;
UPDATE shares SET outbox = o.room
  FROM (SELECT peer, sum(${outboxRoom('outbox')}) AS room FROM outbox GROUP BY peer) AS o WHERE o.peer = shares.peer;
UPDATE share_sums SET (${COLUMNS.join(', ')}) = (SELECT ${COLUMNS.map((column) => `coalesce(sum(${column}), 0)`).join(', ')}
  FROM shares WHERE shares.standing = share_sums.standing);

CREATE TRIGGER share_opened AFTER INSERT ON shares BEGIN ${sumsChange('NEW.standing', (column) => `NEW.${column}`)} END;
CREATE TRIGGER share_changed AFTER UPDATE ON shares WHEN OLD.standing = NEW.standing BEGIN
  ${sumsChange('NEW.standing', (column) => `NEW.${column} - OLD.${column}`)} END;
CREATE TRIGGER share_moved AFTER UPDATE ON shares WHEN OLD.standing <> NEW.standing BEGIN
  ${sumsChange('OLD.standing', (column) => `- OLD.${column}`)} ${sumsChange('NEW.standing', (column) => `NEW.${column}`)} END;

CREATE TRIGGER received_added AFTER INSERT ON messages WHEN NEW.direction = 'in' BEGIN
  ${open('NEW.peer')} ${change('NEW.peer', added('NEW', '').incoming)} END;
CREATE TRIGGER received_removed AFTER DELETE ON messages WHEN OLD.direction = 'in' BEGIN
  ${change('OLD.peer', added('OLD', '-').incoming)} ${close('OLD.peer')} END;
CREATE TRIGGER received_marked AFTER UPDATE OF read, receipt_due ON messages WHEN NEW.direction = 'in' BEGIN
  ${change('NEW.peer', {
    removable: `(${isRemovable('NEW')} - ${isRemovable('OLD')}) * ${messageRoom('NEW')}`,
    unread_count: '(OLD.read - NEW.read)',
    unread_text: `(OLD.read - NEW.read) * ${textOf('NEW')}`,
  })} END;
CREATE TRIGGER sent_added AFTER INSERT ON messages WHEN NEW.direction = 'out' BEGIN
  ${open('NEW.peer')} ${change('NEW.peer', added('NEW', '').outgoing)} END;
CREATE TRIGGER sent_removed AFTER DELETE ON messages WHEN OLD.direction = 'out' BEGIN
  ${change('OLD.peer', added('OLD', '-').outgoing)} ${close('OLD.peer')} END;

CREATE TRIGGER held_added AFTER INSERT ON held BEGIN
  ${open('NEW.peer')} ${change('NEW.peer', { received: heldRoom('NEW'), received_count: '1' })} END;
CREATE TRIGGER held_removed AFTER DELETE ON held BEGIN
  ${change('OLD.peer', { received: `- ${heldRoom('OLD')}`, received_count: '- 1' })} ${close('OLD.peer')} END;
CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
  ${open('NEW.peer')} ${change('NEW.peer', { outbox: outboxRoom('NEW') })} END;
CREATE TRIGGER outbox_replaced AFTER UPDATE OF event, payload ON outbox BEGIN
  ${change('NEW.peer', { outbox: `${outboxRoom('NEW')} - ${outboxRoom('OLD')}` })} END;
CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
  ${change('OLD.peer', { outbox: `-${outboxRoom('OLD')}` })} ${close('OLD.peer')} END;

CREATE TRIGGER peer_met AFTER INSERT ON peers BEGIN
  UPDATE shares SET standing = ${standingOf('NEW.pubkey')} WHERE peer = NEW.pubkey; END;
CREATE TRIGGER peer_judged AFTER UPDATE OF trust, last_seq ON peers
  WHEN OLD.trust <> NEW.trust OR (OLD.last_seq = 0) <> (NEW.last_seq = 0) BEGIN
  UPDATE shares SET standing = ${standingOf('NEW.pubkey')} WHERE peer = NEW.pubkey; END;
CREATE TRIGGER peer_forgotten AFTER DELETE ON peers BEGIN
  UPDATE shares SET standing = 'stranger' WHERE peer = OLD.pubkey; END;
`;
