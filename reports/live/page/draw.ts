import type { Health } from "../feed.ts";
import {
  type Cell,
  CELL,
  cellsBetween,
  DOTS_PX,
  LABELS_PX,
  type Layout,
  NAME_PX,
  type Section,
  vmBox,
} from "./layout.ts";

/** The position of the camera: a point of the drawing lies at `x * scale + left` pixels. */
export interface Camera {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
}

/** The colours of the style sheet, so that the drawing follows the theme. */
export type Colours = Readonly<Record<Health | "card" | "line" | "ink" | "soft" | "accent", string>>;

/** Reads the colours of the current theme. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(`--draw-${name}`).trim();
  return {
    ok: of("ok"),
    busy: of("busy"),
    broken: of("broken"),
    off: of("off"),
    card: of("card"),
    line: of("line"),
    ink: of("ink"),
    soft: of("soft"),
    accent: of("accent"),
  };
}

interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly colours: Colours;
  readonly px: number;
  readonly selected: string | undefined;
}

/** Shortens a text to a width. */
function fit(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  const share = width / context.measureText(text).width;
  return `${text.slice(0, Math.max(1, Math.floor(text.length * share) - 1))}…`;
}

function drawVms({ context, colours, px, selected }: Pen, cell: Cell): void {
  for (const [at, vm] of cell.vms.entries()) {
    const { x, y, side } = vmBox(cell, at);
    context.fillStyle = colours[vm.health];
    context.fillRect(x, y, side, px >= LABELS_PX ? 5 : side);
    if (vm.id === selected) {
      context.strokeStyle = colours.accent;
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, side + 2, side + 2);
    }
    if (px < LABELS_PX) continue;
    context.font = "5px system-ui, sans-serif";
    const lines = [
      vm.name,
      vm.service ?? vm.state,
      vm.ip,
      ...vm.names,
      vm.volume === undefined ? "" : `disk ${vm.volume.sizeGb} GB`,
    ];
    for (const [line, text] of lines.filter(Boolean).entries()) {
      if (12 + line * 6.5 > side) break;
      context.fillStyle = line === 0 ? colours.ink : colours.soft;
      context.fillText(fit(context, text, side), x, y + 11 + line * 6.5);
    }
  }
}

function drawCell(pen: Pen, cell: Cell): void {
  const { context, colours, px, selected } = pen;
  const { x, y, deployment } = cell;
  if (px < DOTS_PX) {
    context.fillStyle = colours[deployment.health];
    context.fillRect(x, y, CELL, CELL);
  } else {
    context.fillStyle = colours.card;
    context.fillRect(x, y, CELL, CELL);
    context.strokeStyle = deployment.health === "ok" ? colours.line : colours[deployment.health];
    context.lineWidth = 1.5;
    context.strokeRect(x, y, CELL, CELL);
    drawVms(pen, cell);
    if (px >= NAME_PX) {
      context.fillStyle = colours.ink;
      context.font = "11px system-ui, sans-serif";
      context.fillText(fit(context, deployment.name, CELL - 12), x + 6, y + 15);
    }
  }
  if (deployment.id !== selected) return;
  context.strokeStyle = colours.accent;
  context.lineWidth = 3 * Math.max(1, DOTS_PX / px);
  context.strokeRect(x - 2, y - 2, CELL + 4, CELL + 4);
}

function drawSection(pen: Pen, section: Section, from: number, to: number): void {
  const { context, colours, px } = pen;
  if (section.y < to) {
    context.fillStyle = colours.soft;
    context.font = `${Math.min(26, Math.max(14, 1400 / px))}px system-ui, sans-serif`;
    context.fillText(section.title, 0, section.y + 34);
  }
  for (const cell of cellsBetween(section, from, to)) drawCell(pen, cell);
}

/** Draws what is in view. */
export function draw(canvas: HTMLCanvasElement, layout: Layout, camera: Camera, selected: string | undefined): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const density = devicePixelRatio;
  const { clientWidth, clientHeight } = canvas;
  if (canvas.width !== clientWidth * density || canvas.height !== clientHeight * density)
    [canvas.width, canvas.height] = [clientWidth * density, clientHeight * density];
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const { left, top, scale } = camera;
  context.setTransform(density * scale, 0, 0, density * scale, density * left, density * top);
  const pen = { context, colours: coloursOf(canvas), px: scale * CELL, selected };
  const [from, to] = [-top / scale, (clientHeight - top) / scale];
  for (const section of layout.sections) drawSection(pen, section, from, to);
}
