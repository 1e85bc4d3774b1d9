import { plainLabel, shownRelay } from '../ui/labels.ts';
import { type Effect, PULSE_MS, TRAVEL_MS } from './effects.ts';
import type { Layout, Point } from './layout.ts';
import type { PeerNode, Picture, RelayNode } from './model.ts';

/** The page's colours, from its style sheet. */
export type Colours = Readonly<
  Record<'ink' | 'quiet' | 'line' | 'good' | 'bad' | 'warn' | 'accent' | 'card', string>
>;

/** Peers up to which each has its name written. */
const NAMED_PEERS = 16;
/** Lines to relays that are drawn from peers, at most. */
const LINES = 150;
const LABEL_CHARS = 18;
const FONT = '12px system-ui, sans-serif';

type Pen = CanvasRenderingContext2D;

const dot = (pen: Pen, { x, y }: Point, radius: number): void => {
  pen.moveTo(x + radius, y);
  pen.arc(x, y, radius, 0, 2 * Math.PI);
};

function line(pen: Pen, from: Point, to: Point): void {
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y);
}

const shortened = (text: string): string => {
  const chars = [...text];
  return chars.length > LABEL_CHARS ? `${chars.slice(0, LABEL_CHARS - 1).join('')}…` : text;
};

/** Draws everything that stands still. */
export function drawStill(pen: Pen, picture: Picture, layout: Layout, colours: Colours): void {
  pen.clearRect(0, 0, layout.width, layout.height);
  pen.font = FONT;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  drawGroups(pen, picture, layout, colours);
  drawLines(pen, picture, layout, colours);
  drawPeers(pen, picture, layout, colours);
  drawRelays(pen, picture, layout, colours);
  pen.beginPath();
  dot(pen, layout.self, 13);
  pen.fillStyle = colours.accent;
  pen.fill();
  label(pen, 'you', { x: layout.self.x, y: layout.self.y + 24 }, colours.ink, colours);
}

function label(pen: Pen, text: string, { x, y }: Point, colour: string, colours: Colours): void {
  pen.lineWidth = 4;
  pen.lineJoin = 'round';
  pen.strokeStyle = colours.card;
  pen.strokeText(text, x, y);
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

function drawGroups(pen: Pen, picture: Picture, layout: Layout, colours: Colours): void {
  for (const [name, disc] of layout.groups) {
    pen.beginPath();
    dot(pen, disc, disc.radius);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.stroke();
    const count = (picture.groups.get(name)?.length ?? 0).toLocaleString('en');
    label(pen, `${name} · ${count}`, { x: disc.x, y: disc.y - disc.radius - 12 }, colours.quiet, colours);
  }
}

function drawLines(pen: Pen, picture: Picture, layout: Layout, colours: Colours): void {
  const isUp = new Map(picture.relays.map(({ url, state }) => [url, state === 'connected']));
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.beginPath();
  let left = LINES;
  for (const { pubkey, via } of picture.peers) {
    const point = layout.peers.get(pubkey);
    for (const url of via) {
      const relay = layout.relays.get(url);
      if (point && relay && left-- > 0) line(pen, point, relay);
    }
  }
  pen.stroke();
  for (const [url, point] of layout.relays) {
    pen.beginPath();
    pen.setLineDash(isUp.get(url) ? [] : [3, 5]);
    pen.strokeStyle = isUp.get(url) ? colours.accent : colours.bad;
    pen.lineWidth = 1.5;
    pen.globalAlpha = 0.55;
    line(pen, layout.self, point);
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

/** Filled: online. A ring: offline. A contact is larger. */
function drawPeers(pen: Pen, picture: Picture, layout: Layout, colours: Colours): void {
  const radiusOf = ({ peer }: PeerNode): number => layout.peerRadius * (peer.trust === 'contact' ? 1.3 : 1);
  const path = (nodes: readonly PeerNode[]): void => {
    pen.beginPath();
    for (const node of nodes) {
      const point = layout.peers.get(node.pubkey);
      if (point) dot(pen, point, radiusOf(node));
    }
  };
  const of = (want: (node: PeerNode) => boolean): PeerNode[] => picture.peers.filter(want);
  pen.fillStyle = colours.good;
  path(of(({ reach, peer }) => reach !== 'blocked' && peer.online));
  pen.fill();
  pen.fillStyle = colours.card;
  pen.lineWidth = Math.min(1.5, layout.peerRadius * 0.5);
  pen.strokeStyle = colours.quiet;
  path(of(({ reach, peer }) => reach !== 'blocked' && !peer.online));
  pen.fill();
  pen.stroke();
  pen.strokeStyle = colours.bad;
  path(of(({ reach }) => reach === 'blocked'));
  pen.fill();
  pen.stroke();
  if (picture.peers.length > NAMED_PEERS) return;
  for (const { pubkey, peer } of picture.peers) {
    const point = layout.peers.get(pubkey);
    if (point)
      label(pen, shortened(plainLabel(pubkey, peer)), { x: point.x, y: point.y + 18 }, colours.ink, colours);
  }
}

function drawRelays(pen: Pen, picture: Picture, layout: Layout, colours: Colours): void {
  for (const { url, state } of picture.relays) {
    const point = layout.relays.get(url);
    if (!point) continue;
    pen.beginPath();
    pen.roundRect(point.x - 7, point.y - 7, 14, 14, 4);
    pen.fillStyle = colours.card;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = relayColour(state, colours);
    pen.stroke();
    if (picture.relays.length <= 8)
      label(pen, shortened(shownRelay(url)), { x: point.x, y: point.y - 17 }, colours.quiet, colours);
  }
}

const relayColour = (state: RelayNode['state'], colours: Colours): string =>
  state === 'connected' ? colours.accent : state === 'connecting' ? colours.quiet : colours.bad;

/** Slower at both ends. */
const eased = (part: number): number => part * part * (3 - 2 * part);

/** Draws what moves, on top of what stands still. */
export function drawMoving(pen: Pen, effects: readonly Effect[], nowMs: number, colours: Colours): void {
  for (const effect of effects) {
    const passedMs = nowMs - effect.startMs;
    if (passedMs < 0) continue;
    const colour = colours[effect.tone];
    if (effect.kind === 'pulse') {
      const part = Math.min(1, passedMs / PULSE_MS);
      pen.beginPath();
      dot(pen, effect.at, 6 + 14 * part);
      pen.globalAlpha = (1 - part) * 0.7;
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.stroke();
    } else {
      const part = eased(Math.min(1, passedMs / TRAVEL_MS));
      const { from, to } = effect;
      pen.beginPath();
      dot(pen, { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }, 4);
      pen.globalAlpha = 1;
      pen.fillStyle = colour;
      pen.fill();
    }
    pen.globalAlpha = 1;
  }
}
