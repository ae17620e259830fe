import { fc } from "@fast-check/vitest";

/** The words of a call, drawn. */
type Words = fc.Arbitrary<readonly string[]>;
type Part = string | fc.Arbitrary<string> | Words;

const key = fc.constantFrom("a", "b", "c", "d", "e");
const text = fc.oneof(
  fc.constantFrom("1", "7", "-3", "10", "x", "yy", "2.5", "", "\x00\xff\r\n", "longer text"),
  fc.string({ maxLength: 6, unit: fc.constantFrom("p", "q", "1") }),
);
const member = fc.constantFrom("m", "n", "o", "p", "1", "2", "30");
const field = fc.constantFrom("f", "g", "h", "7");
const whole = fc.constantFrom("0", "1", "2", "3", "-1", "-2", "-5", "100");
const count = fc.constantFrom("0", "1", "2", "5");
const score = fc.constantFrom("0", "1", "2", "-1", "1.5", "2.25", "10", "inf", "-inf", "+3");
const odd = fc.constantFrom("zz", "1.2.3", "9223372036854775807", "", "nan", "01", "-0");
const int = fc.oneof({ weight: 9, arbitrary: whole }, { weight: 1, arbitrary: odd });
const float = fc.oneof({ weight: 9, arbitrary: score }, { weight: 1, arbitrary: odd });
const bound = fc.constantFrom("-inf", "+inf", "0", "(1", "1", "2", "(2", "x");
const lexBound = fc.constantFrom("-", "+", "[m", "(n", "[p", "(1", "q");
const bit = fc.constantFrom("0", "1", "2");
const id = fc.constantFrom("1-1", "1-2", "2-0", "3-5", "5-1", "0-0", "4", "1-*");
const rangeId = fc.constantFrom("-", "+", "1-1", "2", "(1-1", "(2-0", "5-1");
const seconds = fc.constantFrom("100", "1000", "0", "-1", "x");
const pattern = fc.constantFrom("*", "?", "a*", "[ab]", "[^a]", "\\a", "m*");
const end = fc.constantFrom("LEFT", "RIGHT", "left", "UP");
const group = fc.constantFrom("g1", "g2");
const consumer = fc.constantFrom("c1", "c2");

const some = (part: fc.Arbitrary<string> | Words, min = 1, max = 3): Words =>
  fc.array(wordsOf(part), { minLength: min, maxLength: max }).map((list) => list.flat());
const maybe = (...parts: readonly Part[]): Words => fc.option(seq(...parts), { nil: [] });
const wordsOf = (part: Part): Words => {
  if (typeof part === "string") return fc.constant(part.split(" "));
  return part.map((drawn: string | readonly string[]) => (typeof drawn === "string" ? [drawn] : drawn));
};
const seq = (...parts: readonly Part[]): Words => fc.tuple(...parts.map(wordsOf)).map((lists) => lists.flat());
const either = (...parts: readonly Part[]): Words => fc.oneof(...parts.map(wordsOf));
/** `numkeys key …`, now and then with a wrong number. */
const keysCounted = fc
  .array(key, { minLength: 1, maxLength: 3 })
  .chain((keys) =>
    fc.constantFrom(String(keys.length), String(keys.length), String(keys.length), "0", "9").map((n) => [n, ...keys]),
  );

const limit = maybe("LIMIT", int, int);
const expiry = either(
  seq("EX", seconds),
  seq("PX", fc.constantFrom("100000", "0")),
  "KEEPTTL",
  seq("EXAT", "4102444800"),
);

/**
 * The syntax of commands: for each, the words that follow its name. Commands with answers that depend on
 * chance or time are left out, or masked by the test.
 */
export const GRAMMAR: Readonly<Record<string, Words>> = {
  del: some(key),
  exists: some(key),
  type: wordsOf(key),
  rename: seq(key, key),
  renamenx: seq(key, key),
  copy: seq(key, key, maybe(either("REPLACE", seq("DB", fc.constantFrom("0", "1", "99"))))),
  move: seq(key, fc.constantFrom("1", "0", "x")),
  keys: wordsOf(pattern),
  expire: seq(key, seconds, maybe(fc.constantFrom("NX", "XX", "GT", "LT", "ZZ"))),
  pexpireat: seq(key, fc.constantFrom("4102444800000", "1", "x")),
  ttl: wordsOf(key),
  expiretime: wordsOf(key),
  persist: wordsOf(key),
  dbsize: seq(),
  scan: seq("0", maybe("MATCH", pattern), "COUNT", "1000", maybe("TYPE", fc.constantFrom("list", "string", "hash"))),
  sort: seq(
    key,
    maybe("BY", fc.constantFrom("*", "b*")),
    limit,
    maybe("GET", fc.constantFrom("#", "*", "a")),
    maybe(fc.constantFrom("ASC", "DESC")),
    maybe("ALPHA"),
    maybe("STORE", key),
  ),
  object: seq(fc.constantFrom("REFCOUNT", "ENCODING"), fc.constantFrom("none")),
  get: wordsOf(key),
  set: seq(key, text, maybe(fc.constantFrom("NX", "XX", "GET", "ZZ")), maybe(expiry)),
  setnx: seq(key, text),
  setex: seq(key, seconds, text),
  getset: seq(key, text),
  getdel: wordsOf(key),
  getex: seq(key, maybe(either("PERSIST", expiry))),
  mget: some(key),
  mset: some(seq(key, text)),
  msetnx: some(seq(key, text), 1, 2),
  append: seq(key, text),
  strlen: wordsOf(key),
  getrange: seq(key, int, int),
  setrange: seq(key, fc.constantFrom("0", "1", "5", "-1"), text),
  incr: wordsOf(key),
  decrby: seq(key, int),
  incrby: seq(key, int),
  incrbyfloat: seq(key, float),
  setbit: seq(key, fc.constantFrom("0", "7", "9", "-1"), bit),
  getbit: seq(key, fc.constantFrom("0", "7", "9", "x")),
  bitcount: seq(key, maybe(int, int, maybe(fc.constantFrom("BIT", "BYTE", "X")))),
  bitpos: seq(key, bit, maybe(int, maybe(int))),
  bitop: seq(fc.constantFrom("AND", "OR", "XOR", "NOT", "X"), key, some(key, 1, 2)),
  lpush: seq(key, some(text)),
  rpush: seq(key, some(text)),
  lpushx: seq(key, some(text)),
  rpushx: seq(key, some(text)),
  lpop: seq(key, maybe(count)),
  rpop: seq(key, maybe(int)),
  llen: wordsOf(key),
  lrange: seq(key, int, int),
  lindex: seq(key, int),
  lset: seq(key, int, text),
  linsert: seq(key, fc.constantFrom("BEFORE", "after", "X"), text, text),
  lrem: seq(key, int, text),
  ltrim: seq(key, int, int),
  lpos: seq(key, text, maybe("RANK", int), maybe("COUNT", int), maybe("MAXLEN", int)),
  lmove: seq(key, key, end, end),
  rpoplpush: seq(key, key),
  lmpop: seq(keysCounted, end, maybe("COUNT", count)),
  hset: seq(key, some(seq(field, text))),
  hmset: seq(key, some(seq(field, text), 1, 2)),
  hsetnx: seq(key, field, text),
  hget: seq(key, field),
  hmget: seq(key, some(field)),
  hgetall: wordsOf(key),
  hdel: seq(key, some(field)),
  hlen: wordsOf(key),
  hexists: seq(key, field),
  hkeys: wordsOf(key),
  hvals: wordsOf(key),
  hstrlen: seq(key, field),
  hincrby: seq(key, field, int),
  hincrbyfloat: seq(key, field, float),
  hscan: seq(key, "0", maybe("MATCH", pattern), "COUNT", "1000"),
  sadd: seq(key, some(member)),
  srem: seq(key, some(member)),
  smembers: wordsOf(key),
  sismember: seq(key, member),
  smismember: seq(key, some(member)),
  scard: wordsOf(key),
  smove: seq(key, key, member),
  sinter: some(key),
  sunion: some(key),
  sdiff: some(key),
  sinterstore: seq(key, some(key)),
  sunionstore: seq(key, some(key)),
  sdiffstore: seq(key, some(key)),
  sintercard: seq(keysCounted, maybe("LIMIT", int)),
  sscan: seq(key, "0", maybe("MATCH", pattern), "COUNT", "1000"),
  zadd: seq(
    key,
    maybe(fc.constantFrom("NX", "XX", "GT", "LT")),
    maybe("CH"),
    maybe("INCR"),
    some(seq(float, member), 1, 2),
  ),
  zincrby: seq(key, float, member),
  zrem: seq(key, some(member)),
  zscore: seq(key, member),
  zmscore: seq(key, some(member)),
  zcard: wordsOf(key),
  zcount: seq(key, bound, bound),
  zlexcount: seq(key, lexBound, lexBound),
  zrank: seq(key, member),
  zrevrank: seq(key, member),
  zrange: seq(
    key,
    either(seq(int, int), seq(bound, bound, "BYSCORE"), seq(lexBound, lexBound, "BYLEX")),
    maybe("REV"),
    limit,
    maybe("WITHSCORES"),
  ),
  zrevrange: seq(key, int, int, maybe("WITHSCORES")),
  zrangebyscore: seq(key, bound, bound, maybe("WITHSCORES"), limit),
  zrevrangebyscore: seq(key, bound, bound, maybe("WITHSCORES"), limit),
  zrangebylex: seq(key, lexBound, lexBound, limit),
  zrevrangebylex: seq(key, lexBound, lexBound, limit),
  zrangestore: seq(key, key, int, int),
  zremrangebyrank: seq(key, int, int),
  zremrangebyscore: seq(key, bound, bound),
  zremrangebylex: seq(key, lexBound, lexBound),
  zpopmin: seq(key, maybe(int)),
  zpopmax: seq(key, maybe(count)),
  zmpop: seq(keysCounted, fc.constantFrom("MIN", "MAX", "X"), maybe("COUNT", count)),
  zunion: seq(keysCounted, maybe("AGGREGATE", fc.constantFrom("SUM", "MIN", "MAX", "X")), maybe("WITHSCORES")),
  zinter: seq(keysCounted, maybe("WITHSCORES")),
  zdiff: seq(keysCounted, maybe("WITHSCORES")),
  zunionstore: seq(key, keysCounted, maybe("WEIGHTS", score, score)),
  zinterstore: seq(key, keysCounted),
  zdiffstore: seq(key, keysCounted),
  zintercard: seq(keysCounted, maybe("LIMIT", int)),
  zscan: seq(key, "0", "COUNT", "1000"),
  xadd: seq(
    key,
    maybe("NOMKSTREAM"),
    maybe(fc.constantFrom("MAXLEN", "MINID"), maybe("="), fc.constantFrom("1", "2", "x")),
    id,
    some(seq(field, text), 1, 2),
  ),
  xlen: wordsOf(key),
  xrange: seq(key, rangeId, rangeId, maybe("COUNT", int)),
  xrevrange: seq(key, rangeId, rangeId, maybe("COUNT", int)),
  xdel: seq(key, some(id)),
  xtrim: seq(key, fc.constantFrom("MAXLEN", "MINID", "X"), count),
  xsetid: seq(key, id),
  xread: seq(maybe("COUNT", count), "STREAMS", key, fc.constantFrom("0", "1-1", "$", "9")),
  xgroup: either(
    seq("CREATE", key, group, fc.constantFrom("0", "$", "1-1", "x"), maybe("MKSTREAM")),
    seq("DESTROY", key, group),
    seq("SETID", key, group, fc.constantFrom("0", "$")),
    seq(fc.constantFrom("CREATECONSUMER", "DELCONSUMER"), key, group, consumer),
  ),
  xreadgroup: seq(
    "GROUP",
    group,
    consumer,
    maybe("COUNT", count),
    maybe("NOACK"),
    "STREAMS",
    key,
    fc.constantFrom(">", ">", "0", "1-1"),
  ),
  xack: seq(key, group, some(id)),
  xpending: seq(key, group, maybe("-", "+", "10", maybe(consumer))),
  xclaim: seq(key, group, consumer, "0", some(id), maybe("JUSTID"), maybe("FORCE")),
  xautoclaim: seq(
    key,
    group,
    consumer,
    "0",
    fc.constantFrom("0", "1-2"),
    maybe("COUNT", fc.constantFrom("1", "10", "0")),
    maybe("JUSTID"),
  ),
  xinfo: either(seq("STREAM", key), seq("GROUPS", key)),
  blpop: seq(key, fc.constantFrom("0.001", "x", "-1")),
  bzpopmin: seq(key, "0.001"),
  blmpop: seq("0.001", keysCounted, end),
  multi: seq(),
  exec: seq(),
  discard: seq(),
  watch: some(key, 1, 1),
  unwatch: seq(),
  select: fc.constantFrom("0", "0", "1", "99", "x").map((n) => [n]),
  echo: wordsOf(text),
  ping: maybe(text),
  flushdb: seq(),
};

/** A call of any command, now and then with a word too many or too few. */
export const CALLS: fc.Arbitrary<readonly string[]> = fc
  .constantFrom(...Object.keys(GRAMMAR))
  .chain((name) => fc.tuple(fc.constant(name), GRAMMAR[name] ?? fc.constant([]), fc.integer({ min: 0, max: 30 })))
  .map(([name, words, fate]) => {
    if (fate === 0) return [name, ...words.slice(0, -1)];
    return fate === 1 ? [name, ...words, "more"] : [name, ...words];
  });
