import type { HttpReply, Route } from "../../kernel/index.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce } from "../wire/handler.ts";
import { rightsOf } from "./agent-rights.ts";

/** A build from source has no date of its own. */
export const BUILD_DATE = "1970-01-01T00:00:01Z";
/** The coordinate of a lone agent: the origin. */
export const COORDINATE = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 1e-5 };

function readVersion(call: ConsulCall): HttpReply {
  return call.json({ SHA: "", BuildDate: BUILD_DATE, HumanVersion: call.agent.options.profile.version, FIPS: "" });
}

/** The agent's facts about its machine, which is simulated. */
function readHost(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "operator", "read");
  const { name, kernel } = call.agent;
  return call.json({
    Memory: MEMORY,
    CPU: [CPU],
    Host: {
      hostname: name,
      uptime: 0,
      bootTime: 0,
      procs: 1,
      os: "linux",
      platform: "",
      platformFamily: "",
      platformVersion: "",
      kernelVersion: "",
      kernelArch: "x86_64",
      virtualizationSystem: "",
      virtualizationRole: "",
      hostId: call.agent.options.id,
    },
    Disk: DISK,
    CollectionTime: kernel.nowMs * NS_PER_MS,
    Errors: null,
  });
}

const CPU = {
  cpu: 0,
  vendorId: "",
  family: "",
  model: "",
  stepping: 0,
  physicalId: "0",
  coreId: "0",
  cores: 1,
  modelName: "",
  mhz: 0,
  cacheSize: 0,
  flags: null,
  microcode: "",
};

const DISK = {
  path: "/",
  fstype: "",
  total: 0,
  free: 0,
  used: 0,
  usedPercent: 0,
  inodesTotal: 0,
  inodesUsed: 0,
  inodesFree: 0,
  inodesUsedPercent: 0,
};

const MEMORY_BYTES = 2 ** 32;
const MEMORY = {
  total: MEMORY_BYTES,
  available: MEMORY_BYTES / 2,
  used: MEMORY_BYTES / 2,
  usedPercent: 50,
  free: MEMORY_BYTES / 2,
};
const NS_PER_MS = 1e6;

/** The facts that the agent reports since 1.22. */
export const AGENT_FACT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/version", handler: answerAtOnce(readVersion) },
  { method: "GET", path: "/v1/agent/host", handler: answerAtOnce(readHost) },
];
