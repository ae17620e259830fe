import { createMemoryBroker } from "./osb/memory-broker/broker.ts";
import { asFetch } from "./osb/memory-broker/http.ts";
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
