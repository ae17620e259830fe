import { EVERY_SERVICE } from "../parameters.ts";
import type { SchemaProperties } from "../service.ts";

const INT32_MAX = 2_147_483_647;

const memory = (description: string): object => ({
  type: "string",
  pattern: "^[1-9][0-9]{0,5}(kB|MB)$",
  description: `${description}, such as 8MB.`,
});

/** Parameters that may be changed at any time. */
export const CHANGEABLE: SchemaProperties = {
  ...EVERY_SERVICE,
  max_connections: {
    type: "integer",
    minimum: 10,
    maximum: 1000,
    description: "Most connections at once; never smaller than before.",
  },
  statement_timeout: {
    type: "integer",
    minimum: 0,
    maximum: INT32_MAX,
    description: "Longest time a statement may take, in milliseconds; 0 for no limit.",
  },
  temp_file_limit: {
    type: "integer",
    minimum: -1,
    maximum: INT32_MAX,
    not: { enum: [0] },
    description: "Most disk space for temporary files of a process, in kilobytes; -1 for no limit.",
  },
  track_io_timing: { type: "boolean", description: "Whether times of reads and writes are collected." },
  work_mem: memory("Memory for each sort of a statement"),
  effective_cache_size: memory("What the planner takes for the size of the cache"),
  synchronous_commit: {
    type: "string",
    enum: ["on", "remote_write", "remote_apply", "local", "off"],
    description: "What a commit waits for.",
  },
};

/** Parameters that are fixed on creation. */
export const LASTING: SchemaProperties = {
  continuous_archiving: {
    type: "boolean",
    description:
      "Whether the instance can be restored to any moment between its first backup and now. It stays as it is.",
  },
};
