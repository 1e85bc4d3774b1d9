import type { GroupName, Picture } from './model.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

interface Disc extends Point {
  readonly radius: number;
}

/** Where everything stands, in CSS pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly self: Point;
  readonly relays: ReadonlyMap<string, Point>;
  readonly peers: ReadonlyMap<string, Point>;
  readonly groups: ReadonlyMap<GroupName, Disc>;
  readonly peerRadius: number;
}

/** Angle between two dots of a sunflower, which fills a disc evenly. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
/** Pixels between dots in a group, at most: more looks like noise. */
const DOT_GAP = 9;
/** Pixels for the name of a group. */
const TITLE = 26;
/** Pixels between the dots of a group and the line around it. */
const AROUND = 8;
/** Pixels on each side of our own agent and its relays. */
const SELF_ROOM = 150;

/** Places everything: alone around the relays, or in a disc for each group. */
export function layOut(picture: Picture, width: number, height: number): Layout {
  return picture.isGrouped ? layOutGroups(picture, width, height) : layOutRing(picture, width, height);
}

const around = (centre: Point, rx: number, ry: number, turn: number): Point => ({
  x: centre.x + rx * Math.cos(turn),
  y: centre.y + ry * Math.sin(turn),
});

/** Evenly on an ellipse, the first one on the left. @param shift part of a step by which all are turned */
function ring<T>(items: readonly T[], centre: Point, rx: number, ry: number, shift = 0): Map<T, Point> {
  const step = (2 * Math.PI) / Math.max(1, items.length);
  return new Map(items.map((item, i) => [item, around(centre, rx, ry, (i + shift) * step + Math.PI)]));
}

function layOutRing(picture: Picture, width: number, height: number): Layout {
  const self = { x: width / 2, y: height / 2 };
  const relays = ring(
    picture.relays.map(({ url }) => url),
    self,
    Math.min(width * 0.2, 150),
    height * 0.22,
  );
  // Groups stay together on the ring.
  const order = [...picture.groups.values()].flat().map(({ pubkey }) => pubkey);
  const outer = order.filter((_, i) => order.length <= 16 || i % 2 === 0);
  const inner = order.filter((_, i) => order.length > 16 && i % 2 === 1);
  const rx = width / 2 - Math.min(70, width * 0.12);
  const ry = height / 2 - 34;
  // Between the relays, so that no name is on another one.
  const peers = new Map([...ring(outer, self, rx, ry, 0.5), ...ring(inner, self, rx * 0.76, ry * 0.76, 0.5)]);
  return { width, height, self, relays, peers, groups: new Map(), peerRadius: 6 };
}

function layOutGroups(picture: Picture, width: number, height: number): Layout {
  const isNarrow = width < 620;
  const self = isNarrow ? { x: width / 2, y: 74 } : { x: width / 2, y: height / 2 };
  const relays = ring(
    picture.relays.map(({ url }) => url),
    self,
    isNarrow ? Math.min(110, width * 0.3) : 84,
    isNarrow ? 48 : 84,
  );
  const isOnline = (name: GroupName): boolean => name.endsWith('online');
  const names = [...picture.groups.keys()];
  const side = width / 2 - SELF_ROOM;
  const areas: readonly Area[] = isNarrow
    ? [{ names, x: 0, y: 140, width, height: height - 140 }]
    : [
        { names: names.filter((each) => !isOnline(each)), x: 0, y: 0, width: side, height },
        { names: names.filter(isOnline), x: width - side, y: 0, width: side, height },
      ];
  const countOf = (name: GroupName): number => picture.groups.get(name)?.length ?? 0;
  // The same everywhere, so that a larger disc means more peers.
  const gap = Math.min(DOT_GAP, ...areas.map((area) => gapIn(area, countOf)));
  const groups = new Map(areas.flatMap((area) => stack(area, countOf, gap)));
  const peers = new Map<string, Point>();
  for (const [name, disc] of groups)
    (picture.groups.get(name) ?? []).forEach(({ pubkey }, i) => {
      const distance = gap * Math.sqrt(i + 0.5);
      peers.set(pubkey, around(disc, distance, distance, i * GOLDEN_ANGLE));
    });
  return { width, height, self, relays, peers, groups, peerRadius: Math.max(1.2, Math.min(3.5, gap * 0.42)) };
}

/** Part of the picture that holds some groups, one below the other. */
interface Area {
  readonly names: readonly GroupName[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The distance between dots with which all groups of an area have room. */
function gapIn({ names, width, height }: Area, countOf: (name: GroupName) => number): number {
  const radii = names.map((name) => Math.sqrt(countOf(name)));
  const free = height - names.length * (TITLE + 2 * AROUND);
  return Math.min(free / (2 * sum(radii)), (width / 2 - AROUND) / Math.max(...radii));
}

/** The discs of an area, with the same space between them. */
function stack(
  { names, x, y, width, height }: Area,
  countOf: (name: GroupName) => number,
  gap: number,
): [GroupName, Disc][] {
  const radii = names.map((name) => gap * Math.sqrt(countOf(name)) + AROUND);
  const space = (height - sum(radii) * 2 - names.length * TITLE) / (names.length + 1);
  let top = y + Math.max(0, space);
  return names.map((name, i) => {
    const radius = radii[i] ?? 0;
    const disc = { x: x + width / 2, y: top + TITLE + radius, radius };
    top += TITLE + 2 * radius + Math.max(0, space);
    return [name, disc];
  });
}

/** The peer at a point, within a finger's width; null if there is none. */
export function peerAt(layout: Layout, { x, y }: Point): string | null {
  const reach = Math.max(10, layout.peerRadius + 4);
  let nearest: string | null = null;
  let least = reach * reach;
  for (const [pubkey, point] of layout.peers) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance > least) continue;
    least = distance;
    nearest = pubkey;
  }
  return nearest;
}
