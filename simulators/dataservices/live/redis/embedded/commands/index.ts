import type { Command } from "../command.ts";
import { BITS_COMMANDS } from "./bits.ts";
import { BLOCKING_COMMANDS } from "./blocking.ts";
import { EXPIRY_COMMANDS } from "./expiry.ts";
import { HASHES_COMMANDS } from "./hashes.ts";
import { KEYS_COMMANDS } from "./keys.ts";
import { LISTS_COMMANDS } from "./lists.ts";
import { SETS_COMMANDS } from "./sets.ts";
import { SORT_COMMANDS } from "./sort.ts";
import { STREAM_CLAIMS_COMMANDS } from "./stream-claims.ts";
import { STREAM_GROUPS_COMMANDS } from "./stream-groups.ts";
import { STREAM_READS_COMMANDS } from "./stream-reads.ts";
import { STREAMS_COMMANDS } from "./streams.ts";
import { STRINGS_COMMANDS } from "./strings.ts";
import { ZSET_COMBINATIONS_COMMANDS } from "./zset-combinations.ts";
import { ZSET_RANGES_COMMANDS } from "./zset-ranges.ts";
import { ZSETS_COMMANDS } from "./zsets.ts";

/** The commands that only work on keys, in groups. Those that depend on the session are in `../session-commands.ts`. */
export const KEY_COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  Keys: [...KEYS_COMMANDS, ...EXPIRY_COMMANDS, ...SORT_COMMANDS],
  Strings: STRINGS_COMMANDS,
  Bits: BITS_COMMANDS,
  Lists: LISTS_COMMANDS,
  Hashes: HASHES_COMMANDS,
  Sets: SETS_COMMANDS,
  "Sorted sets": [...ZSETS_COMMANDS, ...ZSET_RANGES_COMMANDS, ...ZSET_COMBINATIONS_COMMANDS],
  Streams: [...STREAMS_COMMANDS, ...STREAM_READS_COMMANDS, ...STREAM_GROUPS_COMMANDS, ...STREAM_CLAIMS_COMMANDS],
  Waiting: BLOCKING_COMMANDS,
};
