/** What differs from run to run in the output of a client, and what stands in its place. */
const VARIABLE: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>"],
  [/\b[0-9a-f]{8}\b(?=\s+(?:127\.0\.0\.1|10\.0\.0\.\d)\s)/g, "<uuid>"],
  [/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, "<time>"],
  [/127\.0\.0\.\d:\d+/g, "127.0.0.1:<port>"],
  [/((?:Create|Modify|Lock|commit_|Commit )Index"?[:\s]+)\d+/gi, "$1<index>"],
  [
    /("?(?:commit_index|applied_index|last_log_index|fsm_pending|last_snapshot_index|term|num_peers)"?\s*[=:]\s*)\d+/g,
    "$1<n>",
  ],
  [/(leader\s+true\s+3\s+)\d+/g, "$1<index>"],
  [/(snapshot to index )\d+/g, "$1<index>"],
  [/(Created At: ).*/g, "$1<time>"],
  [/(Index\s+)\d+/g, "$1<index>"],
  [/\/tmp\/[^\s"']+/g, "<file>"],
  [/(Estimated .* rtt: )[\d.]+ ms/g, "$1<n> ms"],
  [/("(?:id|expect_wan|port|grpc_port|grpc_tls_port|rpc_port)": ")[^"]*/g, "$1<n>"],
];

/** The output of a client without what differs from run to run. */
export const settleOutput = (text: string): string =>
  VARIABLE.reduce((settled, [pattern, shown]) => settled.replace(pattern, shown), text)
    .split("\n")
    .map((line) => line.trimEnd().replace(/ {2,}/g, "  "))
    .join("\n");
