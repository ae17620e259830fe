import { type Command, InvalidArgumentError, Option } from "commander";
import { CONSUL_VERSIONS } from "../simulators/dns/behaviour/profile.ts";

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

function duration(text: string): string {
  if (!DURATION.test(text)) throw new InvalidArgumentError("a duration as Consul's configuration has it: 5s, 1m30s");
  return text;
}

const PORT_MAX = 65_535;

function nameServer(text: string, before: readonly string[] = []): readonly string[] {
  const port = Number(/^(?:[\d.]+|\[[0-9a-fA-F:]+\]):(\d+)$/.exec(text)?.[1] ?? 0);
  if (port < 1 || port > PORT_MAX) throw new InvalidArgumentError("an address and a port: 127.0.0.1:5300");
  return [...before, text];
}

/** Adds the options that say how the cloud's name servers answer. */
export const addNameOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--consul-version <version>", "the release of Consul; default: the newest").choices(CONSUL_VERSIONS),
    )
    .addOption(
      new Option(
        "--node-ttl <duration>",
        "TTL of the addresses of nodes and of aliases of primaries, as 5s; default: 0s",
      ).argParser(duration),
    )
    .addOption(
      new Option("--service-ttl <duration>", "TTL of the addresses of services, as 5s; default: 0s").argParser(
        duration,
      ),
    )
    .option("--ipv6", "answer DNS questions at ::1 as well")
    .addOption(
      new Option(
        "--secondary <address:port>",
        "a name server to notify of each change of a zone in Designate; may be given several times",
      ).argParser(nameServer),
    );
