import { type LivePage, openLivePage } from "../../reports/live/server.ts";
import type { Cloud } from "../../scenarios/cloud/cloud.ts";
import type { Exchange } from "../../simulators/kernel/edge/exchanges.ts";
import { LIVE_PORT } from "../../simulators/addresses.ts";
import { liveCloud } from "./live-cloud.ts";

/** Receives requests that were answered before there was a page to show them. */
interface Ear {
  /** The `hear` option for a cloud that is about to boot. */
  readonly hear: (service: string, exchange: Exchange) => void;
  /** Opens the live page of the cloud that has booted. */
  readonly open: (cloud: Cloud) => Promise<LivePage>;
  /** The same, and prints where it is. */
  readonly openAloud: (cloud: Cloud) => Promise<LivePage>;
}

const facts = ({ description }: Cloud): readonly (readonly [string, string])[] => {
  const { block, seed, pace, director, openstack, dns, consul, brokers } = description;
  return [
    ["Network", `${block}.0.0/16`],
    ["Seed", String(seed)],
    ["Pace", pace],
    ["Director", director.url],
    ["OpenStack", openstack.authUrl],
    ["DNS", dns.address],
    ["Consul", consul.url],
    ...brokers.map(({ name, url }) => [name, url] as const),
  ];
};

/** Prints where a page is, on standard error, so that standard output stays clean. */
export function announce({ url }: LivePage): void {
  process.stderr.write(`drydock: live page: ${url}\n`);
}

/** Opens the live page of a run against any broker, and prints where it is. */
export async function openRunPage(target: string): Promise<LivePage> {
  const page = await openLivePage({ host: "127.0.0.1", port: 0, title: `Testing ${target}`, facts: [] });
  announce(page);
  return page;
}

/** Prepares the live page of a cloud that is about to boot. */
export function prepareLivePage(): Ear {
  let page: LivePage | undefined;
  let nowMs = (): number => 0;
  const open = async (cloud: Cloud): Promise<LivePage> => {
    nowMs = () => cloud.world.kernel.nowMs;
    const { plan } = cloud.world;
    const title = `Cloud in ${cloud.description.block}.0.0/16`;
    page = await openLivePage({
      host: plan.control,
      port: LIVE_PORT,
      title,
      facts: facts(cloud),
      cloud: liveCloud(cloud),
    });
    return page;
  };
  return {
    hear: (service, exchange) => {
      const { durationMs } = exchange;
      page?.hub.hear({ service, ...exchange, time: nowMs() - durationMs });
    },
    open,
    openAloud: async (cloud) => {
      const opened = await open(cloud);
      announce(opened);
      return opened;
    },
  };
}
