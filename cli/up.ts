import { resolve } from "node:path";
import type { CloudDescription } from "../scenarios/cloud/description.ts";
import { INVOCATION } from "../conformance/runner/tool.ts";
import { paintFor } from "../reports/terminal.ts";
import { type BootOptions, bootCloudFor, type DataCommand, dataOf, PREDICTABLE } from "./cloud.ts";
import { catchSignals } from "./signals.ts";
import { publishCloud } from "./cloud-state.ts";
import { checkFreeName } from "./clouds/choose.ts";
import { prepareLivePage } from "./live/open.ts";
import { EXIT } from "./errors.ts";
import { storyPrinter } from "./story.ts";

/** The options of `up`. */
export interface UpOptions extends Omit<BootOptions, "tell" | "data">, DataCommand {
  readonly json?: boolean;
  /** Default: the block. */
  readonly name?: string;
  /** Of a detached cloud: where its output goes. */
  readonly logFile?: string;
}

/** `drydock up`: boots a fake cloud, prints where everything is, and keeps it until it is interrupted. Returns the exit code. */
export async function up({ json = false, name, logFile, data, version, ...options }: UpOptions): Promise<number> {
  await checkFreeName(name);
  const interrupted = catchSignals();
  const live = prepareLivePage();
  const tell = json ? undefined : storyPrinter(process.stdout);
  const cloud = await bootCloudFor({
    ...options,
    ...dataOf({ version, ...(data !== undefined && { data }) }),
    hear: live.hear,
    ...(tell && { tell }),
  });
  try {
    if (interrupted.isOver()) return EXIT.interrupted;
    await using page = await live.open(cloud);
    const detached = logFile === undefined ? undefined : { logFile, args: argsAgain(data) };
    const entry = { name: name ?? cloud.description.block, liveUrl: page.url, ...(detached && { detached }) };
    const forget = publishCloud(cloud, entry);
    if (cloud.description.predictableSecrets) process.stderr.write(`drydock: ${PREDICTABLE}\n`);
    const { url } = page;
    process.stdout.write(
      json ? `${JSON.stringify({ ...cloud.description, live: { url } })}\n` : summary(cloud.description, url),
    );
    const signal = await interrupted.first;
    process.stderr.write(`\ndrydock: ${signal}: ending the cloud; again to leave at once\n`);
    forget();
    return EXIT.interrupted;
  } finally {
    await cloud.close();
  }
}

/** The arguments of this command, for whoever starts it again from another folder. */
const argsAgain = (data: string | undefined): string[] =>
  process.argv.slice(2).map((each) => {
    if (data === undefined) return each;
    if (each === data) return resolve(data);
    return each === `--data=${data}` ? `--data=${resolve(data)}` : each;
  });

function servedBy(engine: CloudDescription["engines"][number]): string {
  if ("missing" in engine) return engine.missing;
  return `${engine.name} ${engine.version}${engine.isEmbedded ? ", embedded" : ""}`;
}

function port53({ port53: is, port53Refused: why, ipv6 }: CloudDescription["dns"]): string {
  const here = is ? "all of them at port 53 too" : `none at port 53 (${why})`;
  return ipv6 === null ? here : `${here}; IPv6: ${ipv6.consul}, ${ipv6.bosh}, ${ipv6.zones}`;
}

/** Prints where everything is, without secrets: `drydock env` has those. */
export function summary(description: CloudDescription, liveUrl: string): string {
  const { block, seed, pace, director, openstack, dns, consul, brokers, engines, control } = description;
  const paint = paintFor(process.stdout);
  const row = (name: string, text: string): string => `  ${paint("bold", name.padEnd(11))}${text}`;
  return [
    "",
    `The cloud is up in ${block}.0.0/16, seed ${seed}, pace ${pace}. Ctrl-C ends it.`,
    "",
    row(
      "director",
      `${director.url}, client ${director.client}${director.uaaUrl === "" ? "" : `; UAA ${director.uaaUrl}`}`,
    ),
    row("OpenStack", `${openstack.authUrl}, user ${openstack.username}, project ${openstack.project}`),
    row("Consul", `${consul.url}, release ${dns.version}; DNS at ${dns.address} (UDP and TCP)`),
    row("DNS", `BOSH DNS at ${dns.bosh}, zones of Designate at ${dns.zones}; ${port53(dns)}`),
    ...brokers.map(({ name, url, username }, at) =>
      row(at === 0 ? "brokers" : "", `${url}, user ${username}: ${name}`),
    ),
    ...engines.map((engine, at) => row(at === 0 ? "data" : "", `${engine.kind}: ${servedBy(engine)}`)),
    row("live page", liveUrl),
    row("control", `${control.url}: faults, events, snapshots, laws; with the token DRYDOCK_CONTROL_TOKEN`),
    "",
    "In another terminal:",
    "",
    `  eval "$(${INVOCATION} env)"     every address and password, for bosh, openstack, consul`,
    "  bosh deployments",
    "  openstack server list",
    `  dig @${dns.address.split(":")[0]} -p ${dns.address.split(":")[1]} ${brokers[0]?.name ?? "consul"}.service.${dns.domain}`,
    '  curl -u "$DRYDOCK_BROKER_USERNAME:$DRYDOCK_BROKER_PASSWORD" $DRYDOCK_BROKER_URL/v2/catalog',
    "",
  ].join("\n");
}
