import type { Random } from "../kernel/index.ts";

/** Stands for a value nested so deeply that only its text can be made; `textOf` inserts it. */
const DEEP = "@@deep@@";
const DEPTH = 5000;
const LONG = "x".repeat(70_000);

/** Keys that every JavaScript object inherits. */
export const PROTOTYPE_KEYS = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"] as const;

/** Values of the wrong type, size or shape, wherever a value is expected. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 1,
  "",
  " ",
  "\u0000",
  "\ud800",
  "é😀",
  "a\nb\r\nc",
  "-",
  "../../etc/passwd",
  "*".repeat(50),
  "__proto__",
  "constructor",
  "2026-99-99T99:99:99Z",
  "255.255.255.255/99",
  "::/0",
  "%FF",
  "((a+)+)+$",
  [],
  [null],
  [[]],
  [{}],
  [1, "a", null],
  {},
  { "": "" },
  JSON.parse('{"__proto__":{"a":1}}'),
  { constructor: { prototype: null } },
  { length: -1 },
];

/** Whole bodies that no route accepts. */
const BODIES: readonly string[] = [
  "",
  "null",
  "[]",
  "[null]",
  '"x"',
  "5",
  "{}",
  "{",
  "\ufeff{}",
  "\u0000",
  '{"__proto__":null}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"a":1,"a":2}',
  '{"a":1e400}',
  "[".repeat(DEPTH),
  `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`,
  `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`,
  "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]",
  "a: &a\n  b: *a\n",
  "--- !!binary |\n  AAAA\n...\n--- 5\n",
  "__proto__: {a: 1}\nname: x\n",
  "? [a, b]\n: c\n",
  `name: ${"{{".repeat(40)}`,
  "<xml/>",
  " ".repeat(120_000),
];

/** Values of a query, percent-encoded. */
const QUERY_VALUES: readonly string[] = [
  "",
  "1",
  "-1",
  "0",
  "1e3",
  "99999999999999999999",
  "__proto__",
  "constructor",
  "%FF",
  "%00",
  "%",
  "%ED%A0%80",
  "%5E(a%2B)%2B%24",
  "(((",
  "*".repeat(60),
  "in:%22a",
  `in:${"a,".repeat(800)}`,
  "gt:",
  "%7B%22__proto__%22:1%7D",
  "a%0D%0Ab",
  "true",
  "asc",
  "name:sideways",
  "a".repeat(3000),
];

/** Query parameters that the APIs know, in addition to those in the recordings. */
const QUERY_NAMES: readonly string[] = [
  ...PROTOTYPE_KEYS,
  "limit",
  "marker",
  "sort",
  "sort_key",
  "sort_dir",
  "fields",
  "name",
  "tags",
  "not-tags-any",
  "filter",
  "index",
  "wait",
  "status",
  "format",
  "type",
  "id",
  "%FF",
  "",
];

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { "content-type": "" },
  { "content-type": "json" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "text/yaml" },
  { "content-type": "multipart/form-data; boundary=" },
  { accept: "" },
  { accept: "text/html" },
  { accept: "application/xml;q=x" },
  { range: "bytes=5-1" },
  { range: "bytes=-" },
  { "accept-encoding": "gzip" },
  { host: "" },
  { "transfer-encoding": "zz" },
  { "content-length": "-1" },
  { "openstack-api-version": "compute 2.999, volume zz, , compute" },
  { "openstack-api-version": "volume latest" },
  { "x-openstack-nova-api-version": "latest" },
  { authorization: "Basic " },
  { "x-auth-token": "__proto__" },
  { "x-object-manifest": "%FF/x" },
  { "x-copy-from": "%/x" },
  { "x-container-read": ".r:*,\u0000,::" },
  { "x-delete-at": "99999999999999999999" },
  { "if-match": "revision_number=x" },
  { "if-none-match": "*" },
  { "x-bosh-context-id": "x".repeat(200) },
  { __proto__x: "1", constructor: "1" },
];

/** Segments of a path, percent-encoded. */
export const SEGMENTS: readonly string[] = [
  "__proto__",
  "constructor",
  "%FF",
  "%00",
  "%2e%2e",
  "..%2f..",
  "%",
  "a%0Ab",
  "0",
  "-1",
  "x".repeat(300),
];

/** Methods that a route, or every server, rejects. */
export const METHODS: readonly string[] = ["FOO", "TRACE", "OPTIONS", "PATCH", "HEAD", "PROPFIND"];

/** A whole body that no client should send. */
export const hostileBody = (random: Random): string => random.pick(BODIES);
/** Headers that no client should send. */
export const hostileHeaders = (random: Random): Readonly<Record<string, string>> => random.pick(HEADERS);

/** A query of one to three parameters, some of these names. */
export function hostileQuery(random: Random, names: readonly string[]): string {
  const pairs = Array.from({ length: random.int(1, 3) }, () => {
    const name = random.pick(random.chance(0.5) && names.length > 0 ? names : QUERY_NAMES);
    return `${name}=${random.pick(QUERY_VALUES)}`;
  });
  return pairs.join("&");
}

/** Most reach the code that looks at the value; those refused for their size alone are rare. */
function hostileValue(random: Random): unknown {
  if (random.chance(0.97)) return random.pick(VALUES);
  return random.chance(0.5) ? LONG : DEEP;
}

/** A copy of a value with one thing wrong with it. */
export function spoil(random: Random, value: unknown): unknown {
  const entries = entriesOf(value);
  if (entries.length === 0 || random.chance(0.1)) return hostileValue(random);
  const copy: object = Array.isArray(value) ? Array.from<unknown>(value) : { ...Object(value) };
  const [key, inner] = random.pick(entries);
  const roll = random.float();
  if (roll < 0.1) Reflect.deleteProperty(copy, key);
  else if (roll < 0.2) put(copy, random.pick(PROTOTYPE_KEYS), hostileValue(random));
  else if (roll < 0.25)
    put(
      copy,
      key,
      Array.from({ length: 500 }, () => inner),
    );
  else if (roll < 0.3) put(copy, key, [inner]);
  else put(copy, key, spoil(random, inner));
  return copy;
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === "object" && value !== null ? Object.entries(value) : [];

/** Sets an own member, whatever its name. */
function put(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The value as JSON. */
export const textOf = (value: unknown): string =>
  (JSON.stringify(value) ?? "null").replaceAll(`"${DEEP}"`, `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`);
