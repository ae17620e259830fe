import { own } from "../../../kernel/index.ts";

type Comparator = (shown: unknown, wanted: string) => boolean;
const lower = (value: unknown): string => String(value).toLowerCase();
const COMPARATORS: Readonly<Record<string, Comparator>> = {
  contains: (shown, wanted) => String(shown).includes(wanted),
  icontains: (shown, wanted) => lower(shown).includes(lower(wanted)),
  startswith: (shown, wanted) => String(shown).startsWith(wanted),
  istartswith: (shown, wanted) => lower(shown).startsWith(lower(wanted)),
  endswith: (shown, wanted) => String(shown).endsWith(wanted),
  iendswith: (shown, wanted) => lower(shown).endsWith(lower(wanted)),
};

const equals: Comparator = (shown, wanted) =>
  typeof shown === "boolean"
    ? shown === !["false", "0", "no", "off"].includes(wanted.toLowerCase())
    : typeof shown === "string" && shown === wanted;

/** Whether a view passes the query's filters (`name`, `name__startswith` …), of those that its resource has. Others are ignored. */
export function passesFilters(
  view: Readonly<Record<string, unknown>>,
  query: URLSearchParams,
  filters: readonly string[],
): boolean {
  for (const [key, wanted] of query) {
    const [name = "", comparator] = key.split("__");
    if (!filters.includes(name) || !Object.hasOwn(view, name)) continue;
    const compare = comparator === undefined ? equals : own(COMPARATORS, comparator);
    if (compare !== undefined && !compare(view[name], wanted)) return false;
  }
  return true;
}
