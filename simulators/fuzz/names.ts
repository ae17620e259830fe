import {
  CONSUL_VERSIONS,
  createBoshDns,
  createDns,
  createZone,
  createZoneServer,
  type NameServer,
  recordOf,
  typeNumber,
} from "../dns/index.ts";
import { CATALOG_REQUESTS, drawPacket } from "../dns/parity/packets.ts";
import { Kernel, makeRequest } from "../kernel/index.ts";

/** A name server under attack. */
interface AttackedServer {
  readonly name: string;
  readonly kernel: Kernel;
  readonly server: NameServer;
  /** Whether it promises that no datagram exceeds the client's limit; Consul does not truncate its answers to node names. */
  readonly keepsSize: boolean;
  /** A question that it can answer. */
  readonly question: Buffer;
}

const HEADER_BYTES = 12;
const UDP_BYTES_MIN = 512;
const OPT_BYTES = 11;
const DATAGRAM_BYTES_MAX = 65_507;
const QR = 0x80;
const DAMAGED = 0.7;
/** Time passes between packets now and then, so that timers run too. */
const PACKETS_A_SECOND = 1000;

function questionOf(name: string): Buffer {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

function zoneServer(kernel: Kernel): NameServer {
  const set = (name: string, type: string, text: string) => ({
    name,
    type: typeNumber(type) ?? 0,
    records: [recordOf(name, type, 60, text)].filter((record) => record !== undefined),
  });
  const zone = createZone("consul.", [
    set("consul.", "SOA", "ns.consul. hostmaster.consul. 1 2 3 4 5"),
    set("consul.", "NS", "ns.consul."),
    set("web-0.node.consul.", "A", "10.1.0.1"),
    set("*.service.consul.", "TXT", `"${"x".repeat(250)}"`),
    set("web.service.consul.", "CNAME", "web-0.node.consul."),
  ]);
  const hosting = { zones: new Map([[zone.name, zone]]), transfers: true };
  return createZoneServer(kernel, { hosting: () => hosting });
}

/** Every name server, each with records to answer from. */
export function openServers(seed: number): readonly AttackedServer[] {
  const consuls = CONSUL_VERSIONS.map((version): AttackedServer => {
    const kernel = new Kernel({ seed });
    const dns = createDns(kernel, { version, address: "127.0.0.1", name: "agent-1" });
    for (const { method, path, body } of CATALOG_REQUESTS)
      dns.http.receive(makeRequest(method, path, { body: JSON.stringify(body) }));
    return {
      name: `consul ${version}`,
      kernel,
      server: dns,
      keepsSize: false,
      question: questionOf("web-0.node.consul"),
    };
  });
  const kernel = new Kernel({ seed });
  const records = {
    record_keys: ["id", "instance_group", "network", "deployment", "ip", "domain"],
    record_infos: Array.from({ length: 60 }, (_, at) => [`i${at}`, "web", "node", "dep", `10.1.0.${at}`, "consul"]),
  };
  const boshDns = createBoshDns(kernel, { records: JSON.stringify(records), config: { disable_recursors: true } });
  kernel.advanceBy(PACKETS_A_SECOND);
  const strict = new Kernel({ seed });
  return [
    ...consuls,
    {
      name: "bosh-dns",
      kernel,
      server: boshDns,
      keepsSize: false,
      question: questionOf("q-s0.web.node.dep.consul"),
    },
    {
      name: "name-server",
      kernel: strict,
      server: zoneServer(strict),
      keepsSize: true,
      question: questionOf("web-0.node.consul"),
    },
  ];
}

/** The largest datagram that the client accepts. Intact packets end in an OPT record, whose 11 bytes say it. */
function offerOf(bytes: Buffer): number {
  const at = bytes.length - OPT_BYTES;
  return at > HEADER_BYTES && bytes.readUInt16BE(at + 1) === 41
    ? Math.max(UDP_BYTES_MIN, bytes.readUInt16BE(at + 3))
    : 512;
}

function judge(
  { server, keepsSize }: AttackedServer,
  { bytes, transport, isWhole }: ReturnType<typeof drawPacket>,
): string {
  const answer = server.answer(bytes, transport);
  if (answer === undefined) return "";
  if (bytes.length < HEADER_BYTES) return "an answer to less than a header";
  if ((bytes.readUInt8(2) & QR) !== 0) return "an answer to an answer";
  if (answer[0] !== bytes[0] || answer[1] !== bytes[1]) return "another id";
  if (((answer[2] ?? 0) & QR) === 0) return "a question for an answer";
  if (transport === "udp" && answer.length > DATAGRAM_BYTES_MAX) return `${answer.length} bytes in a datagram`;
  const isOver = keepsSize && isWhole && transport === "udp" && answer.length > offerOf(bytes);
  return isOver ? `${answer.length} bytes where ${offerOf(bytes)} were offered` : "";
}

/** Sends packets, most of them damaged, to a server. Returns each violation with the packet that caused it. */
export function attackNames(attacked: AttackedServer, packets: number): readonly string[] {
  const random = attacked.kernel.random("fuzz/packets");
  const findings: string[] = [];
  for (let sent = 0; sent < packets; sent++) {
    const packet = drawPacket(random, sent, DAMAGED);
    if (sent % PACKETS_A_SECOND === 0) attacked.kernel.advanceBy(PACKETS_A_SECOND);
    let wrong: string;
    try {
      wrong = judge(attacked, packet);
    } catch (error) {
      wrong = String(error);
    }
    if (wrong !== "") findings.push(`${wrong}: ${packet.transport} ${packet.bytes.toString("hex")}`);
  }
  const last = attacked.server.answer(attacked.question, "udp");
  if (last === undefined || last.length <= attacked.question.length)
    findings.push("an ordinary question no longer gets an answer");
  return findings;
}
