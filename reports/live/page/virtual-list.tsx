import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const ROW_PX = 30;
const SPARE = 8;

interface ListProps<T> {
  /** The list's accessible name. */
  readonly label: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly show: (item: T) => ComponentChildren;
  readonly selected?: string | undefined;
  readonly onSelect?: (item: T) => void;
  /** Keeps the end in view as items arrive. */
  readonly follow?: boolean;
  /** The text of an empty list. */
  readonly empty: string;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 12,
  PageUp: -12,
  Home: -1e9,
  End: 1e9,
};

/** The part of a box that is in view, in pixels. */
function useView(box: { readonly current: HTMLDivElement | null }) {
  const [view, setView] = useState({ top: 0, height: 400 });
  const look = () => {
    if (box.current !== null) setView({ top: box.current.scrollTop, height: box.current.clientHeight });
  };
  useEffect(() => {
    const watcher = new ResizeObserver(look);
    if (box.current !== null) watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  return { view, look };
}

/** Scrolls until a row is in view. */
function reveal(element: HTMLDivElement | null, index: number): void {
  if (element === null) return;
  const y = index * ROW_PX;
  if (y < element.scrollTop) element.scrollTop = y;
  if (y + ROW_PX > element.scrollTop + element.clientHeight) element.scrollTop = y + ROW_PX - element.clientHeight;
}

/** A list of any length, of which only the visible part is in the document. Arrow keys move the selection. */
export function VirtualList<T>({ label, items, keyOf, show, selected, onSelect, follow = false, empty }: ListProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const { view, look } = useView(box);
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = items.length * ROW_PX;
  }, [items.length, follow]);
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - SPARE);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / ROW_PX) + SPARE);
  const at = selected === undefined ? -1 : items.findIndex((item) => keyOf(item) === selected);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = Math.max(0, Math.min(items.length - 1, at + (STEPS[event.key] ?? 0)));
    const item = items[next];
    if (STEPS[event.key] === undefined || item === undefined) return;
    event.preventDefault();
    onSelect?.(item);
    reveal(box.current, next);
  };
  const idOf = (index: number): string => `${label.replaceAll(/\W+/g, "-")}-${index}`;
  if (items.length === 0) return <p class="empty">{empty}</p>;
  return (
    <div
      class="rows"
      role="listbox"
      tabindex={0}
      aria-label={`${label}: ${items.length}`}
      aria-activedescendant={at >= first && at < last ? idOf(at) : undefined}
      ref={box}
      onScroll={look}
      onKeyDown={onKeyDown}
    >
      <div class="tall" role="presentation" style={`height:${items.length * ROW_PX}px`}>
        {items.slice(first, last).map((item, offset) => (
          <Option
            key={keyOf(item)}
            id={idOf(first + offset)}
            index={first + offset}
            count={items.length}
            isChosen={first + offset === at}
            onClick={() => onSelect?.(item)}
          >
            {show(item)}
          </Option>
        ))}
      </div>
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly index: number;
  readonly count: number;
  readonly isChosen: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

const Option = ({ id, index, count, isChosen, onClick, children }: OptionProps) => (
  <div
    id={id}
    role="option"
    aria-selected={isChosen}
    aria-posinset={index + 1}
    aria-setsize={count}
    class="row"
    style={`top:${index * ROW_PX}px`}
    onClick={onClick}
  >
    {children}
  </div>
);
