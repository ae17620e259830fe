import type { DeploymentRow, VmRow } from "../feed.ts";
import type { RowIndex } from "./paths.ts";

/** Side of a cell and the gap between two, in units of the drawing; at scale 1 a unit is a pixel. */
export const CELL = 100;
const GAP = 14;
const PITCH = CELL + GAP;
const TITLE = 46;

/** A deployment and its place in the drawing. */
export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly deployment: DeploymentRow;
  readonly vms: readonly VmRow[];
}

/** A group of similar deployments: its title and its cells, in rows of equal length. */
export interface Section {
  readonly title: string;
  readonly y: number;
  readonly columns: number;
  readonly cells: readonly Cell[];
}

/** The whole drawing. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly sections: readonly Section[];
}

/** Lays out all deployments, the platform's first, in a shape that fits the width-to-height ratio of the view. */
export function layOut({ deployments, vmsOf }: RowIndex, ratio: number): Layout {
  const columns = Math.max(4, Math.ceil(Math.sqrt(deployments.length * ratio)));
  const families = Map.groupBy(deployments, ({ family }) => family);
  const names = [...families.keys()].sort(
    (a, b) => Number(b === "platform") - Number(a === "platform") || (a < b ? -1 : 1),
  );
  const sections: Section[] = [];
  let y = 0;
  for (const name of names) {
    const list = families.get(name) ?? [];
    const top = y + TITLE;
    const cells = list.map((deployment, at) => ({
      x: (at % columns) * PITCH,
      y: top + Math.floor(at / columns) * PITCH,
      deployment,
      vms: vmsOf.get(deployment.name) ?? [],
    }));
    sections.push({ title: `${name}: ${list.length}`, y, columns, cells });
    y = top + Math.ceil(list.length / columns) * PITCH + GAP;
  }
  return { width: columns * PITCH, height: Math.max(y, PITCH), sections };
}

/** The cells of a section between two heights: those in view. */
export function cellsBetween({ cells, y, columns }: Section, from: number, to: number): readonly Cell[] {
  const row = (at: number): number => Math.floor((at - y - TITLE) / PITCH);
  return cells.slice(Math.max(0, row(from)) * columns, Math.max(0, row(to) + 1) * columns);
}

/** The place of a VM in its cell, in a square grid. */
export function vmBox(
  { x, y, vms }: Cell,
  at: number,
): { readonly x: number; readonly y: number; readonly side: number } {
  const perRow = Math.max(1, Math.ceil(Math.sqrt(vms.length)));
  const inner = CELL - 12;
  const top = 24;
  const side = Math.min(inner / perRow, (CELL - top - 6) / Math.ceil(vms.length / perRow));
  return { x: x + 6 + (at % perRow) * side, y: y + top + Math.floor(at / perRow) * side, side: side - 3 };
}

/** The object at a point. Single VMs are found only if they are drawn large enough. */
export function rowAt({ sections }: Layout, x: number, y: number, scale: number): DeploymentRow | VmRow | undefined {
  for (const section of sections)
    for (const cell of cellsBetween(section, y, y)) {
      if (x < cell.x || x > cell.x + CELL || y < cell.y || y > cell.y + CELL) continue;
      const vm = cell.vms.find((_, at) => {
        const box = vmBox(cell, at);
        return x >= box.x && x <= box.x + box.side && y >= box.y && y <= box.y + box.side;
      });
      return scale * CELL >= DOTS_PX && vm !== undefined ? vm : cell.deployment;
    }
  return undefined;
}

/** The smallest side of a cell, in pixels, at which its VMs are drawn. */
export const DOTS_PX = 12;
/** The same for its name. */
export const NAME_PX = 56;
/** The same for the labels of its VMs. */
export const LABELS_PX = 190;
