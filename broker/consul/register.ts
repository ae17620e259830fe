import type { BrokerConfig } from "../config.ts";
import type { Host } from "../host.ts";
import { exchange, expectStatus, retryWhileDown } from "../http/client.ts";

/**
 * Makes the broker known by name: `<name>.service.<domain>` leads to it (Consul's API, `PUT /v1/catalog/register`). Nothing happens without an
 * address of Consul and one of the broker.
 *
 * @throws BackendError while Consul is down, FinalError when it refuses
 */
export async function register({ consul, address }: BrokerConfig, host: Host): Promise<void> {
  if (consul === undefined || address === undefined) return;
  const json = {
    Node: address.name,
    Address: address.ip,
    Service: { ID: address.name, Service: address.name, Address: address.ip, Port: address.port },
  };
  expectStatus(
    await retryWhileDown(host, () => exchange(host, { method: "PUT", url: `${consul.url}/v1/catalog/register`, json })),
    "Consul",
    200,
  );
}
