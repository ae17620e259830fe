import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Row } from "../feed.ts";
import { type Camera, draw } from "./draw.ts";
import { layOut, type Layout, rowAt } from "./layout.ts";
import type { RowIndex } from "./paths.ts";

const ZOOM = 1.4;
const SCALE = { least: 0.02, most: 8 } as const;
/** How many pixels the pointer may move during a click. */
const STILL_PX = 4;

interface DrawingProps {
  readonly index: RowIndex;
  readonly selected: string | undefined;
  readonly onSelect: (row: Row) => void;
}

const boundScale = (scale: number): number => Math.min(SCALE.most, Math.max(SCALE.least, scale));

/** The camera that shows everything. */
function whole({ width, height }: Layout, canvas: HTMLCanvasElement): Camera {
  const scale = boundScale(Math.min((canvas.clientWidth - 24) / width, (canvas.clientHeight - 24) / height, 1.6));
  return { scale, left: 12, top: 12 };
}

/** The camera after a zoom around a fixed point. */
function zoomBy({ left, top, scale }: Camera, by: number, x: number, y: number): Camera {
  const next = boundScale(scale * by);
  return { scale: next, left: x - ((x - left) / scale) * next, top: y - ((y - top) / scale) * next };
}

/** Handles the pointer: a drag moves the camera, a click selects. */
function usePointer(change: (by: (camera: Camera) => Camera) => void, onClick: (x: number, y: number) => void) {
  const start = useRef<{ x: number; y: number; moved: number } | undefined>(undefined);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { x: event.offsetX, y: event.offsetY, moved: 0 };
    },
    onPointerMove: (event: PointerEvent) => {
      const from = start.current;
      if (from === undefined) return;
      const [dx, dy] = [event.offsetX - from.x, event.offsetY - from.y];
      start.current = { x: event.offsetX, y: event.offsetY, moved: from.moved + Math.abs(dx) + Math.abs(dy) };
      change((camera) => ({ ...camera, left: camera.left + dx, top: camera.top + dy }));
    },
    onPointerUp: (event: PointerEvent) => {
      if ((start.current?.moved ?? STILL_PX) < STILL_PX) onClick(event.offsetX, event.offsetY);
      start.current = undefined;
    },
  };
}

const ZoomButtons = ({ onZoom, onAll }: { onZoom: (by: number) => void; onAll: () => void }) => (
  <div class="buttons zoom" role="group" aria-label="Zoom">
    <button type="button" aria-label="Zoom in" onClick={() => onZoom(ZOOM)}>
      +
    </button>
    <button type="button" aria-label="Zoom out" onClick={() => onZoom(1 / ZOOM)}>
      −
    </button>
    <button type="button" onClick={onAll}>
      All
    </button>
  </div>
);

/** The cloud as a drawing: a square for each deployment, with its VMs in it; zooming in shows more text. */
export function Drawing({ index, selected, onSelect }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [camera, setCamera] = useState<Camera>();
  const [, redraw] = useState(0);
  const element = canvas.current;
  const cameraNow = (of: HTMLCanvasElement): Camera => camera ?? whole(layout, of);
  const ratio = element === null ? 1.5 : element.clientWidth / Math.max(1, element.clientHeight);
  const layout = useMemo(() => layOut(index, ratio), [index, Math.round(ratio * 4)]);
  useEffect(() => {
    const watcher = new ResizeObserver(() => redraw((count) => count + 1));
    if (canvas.current !== null) watcher.observe(canvas.current);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, layout, cameraNow(canvas.current), selected);
  });
  const change = (by: (camera: Camera) => Camera) => {
    if (element !== null) setCamera((now) => by(now ?? whole(layout, element)));
  };
  const pointer = usePointer(change, (x, y) => {
    if (element === null) return;
    const { left, top, scale } = cameraNow(element);
    const row = rowAt(layout, (x - left) / scale, (y - top) / scale, scale);
    if (row !== undefined) onSelect(row);
  });
  const zoom = (by: number) =>
    change((now) => zoomBy(now, by, (element?.clientWidth ?? 0) / 2, (element?.clientHeight ?? 0) / 2));
  const vms = [...index.vmsOf.values()].reduce((sum, list) => sum + list.length, 0);
  return (
    <div class="drawing">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${index.deployments.length} deployments with ${vms} VMs; the list beside it shows the same`}
        onWheel={(event) => {
          event.preventDefault();
          change((now) => zoomBy(now, event.deltaY < 0 ? ZOOM : 1 / ZOOM, event.offsetX, event.offsetY));
        }}
        {...pointer}
      />
      <ZoomButtons onZoom={zoom} onAll={() => setCamera(undefined)} />
    </div>
  );
}
