/** The one host of this cloud. */
export const HOST = "ref";

/** The most that one server may ask of it; more finds no valid host. */
export const HOST_LIMITS = { vcpus: 4096, ramMb: 64 * 1024 * 1024, diskGb: 1024 * 1024 } as const;

/** The service's own ids; the same in every cloud, as there is one host. */
export const SERVICE_IDS = {
  conductor: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c01",
  scheduler: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c02",
  compute: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c03",
  hypervisor: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c04",
};
