import type { Activity } from '../state/sync.ts';
import { type Colours, drawMoving, drawStill } from './draw.ts';
import { current, type Effect, effectsOf } from './effects.ts';
import { type Layout, layOut } from './layout.ts';
import type { Picture } from './model.ts';

export interface MeshCanvas {
  show(picture: Picture): void;
  /** Something happened: lets it move, unless the owner wants less motion. */
  onActivity(activity: Activity): void;
  layout(): Layout | null;
  close(): void;
}

const names = ['ink', 'quiet', 'line', 'good', 'bad', 'warn', 'accent', 'card'] as const;

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)])) as Colours;
}

/**
 * Draws the mesh. What stands still is drawn once into a picture of its own, and copied for each frame of something that
 * moves. Without movement there are no frames.
 */
export function createMeshCanvas(canvas: HTMLCanvasElement): MeshCanvas {
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  const still = document.createElement('canvas');
  const stillPen = still.getContext('2d') as CanvasRenderingContext2D;
  const lessMotion = matchMedia('(prefers-reduced-motion: reduce)');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let picture: Picture | null = null;
  let layout: Layout | null = null;
  let colours = coloursOf(canvas);
  let effects: Effect[] = [];
  let isStale = true;
  let frame = 0;

  function request(): void {
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  function draw(nowMs: number): void {
    frame = 0;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!picture || width === 0) return;
    const scale = devicePixelRatio;
    if (isStale) {
      isStale = false;
      for (const each of [canvas, still]) {
        if (each.width === Math.round(width * scale) && each.height === Math.round(height * scale)) continue;
        each.width = Math.round(width * scale);
        each.height = Math.round(height * scale);
      }
      layout = layOut(picture, width, height);
      stillPen.setTransform(scale, 0, 0, scale, 0, 0);
      drawStill(stillPen, picture, layout, colours);
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(still, 0, 0);
    effects = current(effects, nowMs);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    drawMoving(pen, effects, nowMs, colours);
    if (effects.length > 0) request();
  }

  function restyle(): void {
    colours = coloursOf(canvas);
    isStale = true;
    request();
  }
  const resized = new ResizeObserver(() => {
    isStale = true;
    request();
  });
  resized.observe(canvas);
  dark.addEventListener('change', restyle);

  return {
    show(next) {
      picture = next;
      isStale = true;
      request();
    },
    onActivity(activity) {
      if (!layout || lessMotion.matches || document.visibilityState !== 'visible') return;
      effects.push(...effectsOf(activity, layout, performance.now()));
      effects = current(effects, performance.now());
      if (effects.length > 0) request();
    },
    layout: () => layout,
    close() {
      cancelAnimationFrame(frame);
      resized.disconnect();
      dark.removeEventListener('change', restyle);
    },
  };
}
