import { createMemoryBroker } from "./osb/mutants/memory-broker.ts";
import { asFetch } from "./osb/mutants/wire.ts";
import { describeConformance } from "./vitest.ts";

const broker = createMemoryBroker();

await describeConformance({
  url: "http://127.0.0.1:1",
  username: "drydock",
  password: "conformance",
  profile: "osb-2.17",
  fetch: asFetch(broker.handle),
  only: ["catalog-*", "provision-*"],
  title: "the broker in memory",
});
