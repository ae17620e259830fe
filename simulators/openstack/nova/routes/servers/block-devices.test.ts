import { beforeAll, describe, expect, it } from "vitest";
import { memberOf, TestSession, textAt } from "../../../testing-session.ts";

describe("the block devices of a new server", () => {
  let session: TestSession;
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    session = await TestSession.open({ quotas: { instances: -1, cores: -1, ram: -1, volumes: -1 } });
    const volume = session.volume();
    const bootable = session.volume({ imageRef: session.variable("image") });
    const snapshot = session.send("cinder", "POST", "/snapshots", { body: { snapshot: { volume_id: volume } } });
    session.sleep(60_000);
    ids = { volume, bootable, snapshot: textAt(snapshot, "snapshot.id"), image: session.variable("image") };
  });

  type Device = Readonly<Record<string, unknown>>;
  const ROOT_IMAGE = { source_type: "image", destination_type: "local", boot_index: 0, uuid: "image" };
  const ROOT_NEW = { source_type: "image", destination_type: "volume", boot_index: 0, uuid: "image", volume_size: 1 };
  const BLANK = { source_type: "blank", destination_type: "volume", boot_index: -1, volume_size: 1 };

  const send = (devices: readonly Device[], fields: object = {}) => {
    const named = devices.map(({ uuid, ...device }) => ({
      ...device,
      ...(uuid !== undefined && { uuid: ids[String(uuid)] ?? uuid }),
    }));
    const body = session.serverBody({ imageRef: "", block_device_mapping_v2: named, ...fields });
    return session.send("nova", "POST", "/servers", { version: 67, body });
  };

  it.each<readonly [what: string, devices: readonly Device[], withImage: boolean, refusal: RegExp | undefined]>([
    ["an image alone", [], true, undefined],
    ["nothing to boot from", [], false, /Missing imageRef attribute/],
    ["its image given twice, as Nova's clients do", [ROOT_IMAGE], true, undefined],
    ["two roots", [ROOT_NEW, ROOT_NEW], false, /Boot sequence .* is not valid/],
    ["an image and another root", [ROOT_NEW], true, undefined],
    ["no root", [BLANK], true, /Boot sequence .* is not valid/],
    ["an image and a blank volume", [ROOT_IMAGE, BLANK], true, undefined],
    [
      "an image and a volume that is not there",
      [ROOT_IMAGE, { ...BLANK, source_type: "volume", uuid: "none" }],
      true,
      /Volume none could not/,
    ],
    ["a new volume from an image", [ROOT_NEW], false, undefined],
    ["a new volume without a size", [{ ...ROOT_NEW, volume_size: undefined }], false, /non-zero size specified/],
    ["a blank volume without a size", [ROOT_IMAGE, { ...BLANK, volume_size: undefined }], true, /non-zero size/],
    ["a volume that can boot", [{ source_type: "volume", boot_index: 0, uuid: "bootable" }], false, undefined],
    ["a volume that can't", [{ source_type: "volume", boot_index: 0, uuid: "volume" }], false, /is not bootable/],
    ["no such volume", [{ source_type: "volume", boot_index: 0, uuid: "none" }], false, /failed to get volume none/],
    ["no such image", [{ ...ROOT_NEW, uuid: "none" }], false, /failed to get image none/],
    [
      "no such snapshot",
      [ROOT_IMAGE, { ...BLANK, source_type: "snapshot", uuid: "none" }],
      true,
      /failed to get snapshot none/,
    ],
    [
      "a snapshot, which has a size of its own",
      [ROOT_IMAGE, { ...BLANK, source_type: "snapshot", uuid: "snapshot", volume_size: undefined }],
      true,
      undefined,
    ],
  ])("are checked: %s", (_what, devices, withImage, refusal) => {
    const reply = send(devices, withImage ? { imageRef: ids.image } : {});
    if (refusal === undefined) expect([reply.status, JSON.stringify(reply.json)]).toEqual([202, expect.anything()]);
    else
      expect([reply.status, memberOf(reply.json, "badRequest.message")]).toEqual([400, expect.stringMatching(refusal)]);
  });

  it("become separate volumes, each with a device, and those marked so are deleted with the server", () => {
    const kept = { ...BLANK, delete_on_termination: false };
    const reply = send([{ ...BLANK, delete_on_termination: true }, kept, { ...ROOT_NEW, delete_on_termination: true }]);
    const id = textAt(reply, "server.id");
    session.sleep(120_000);
    const { nova, cinder } = session.cloud.openstack.state();
    const links = nova.servers.get(id)?.volumes ?? [];
    expect(links.map(({ device }) => device)).toEqual(["/dev/sda", "/dev/sdb", "/dev/sdc"]);
    expect(links.map(({ volumeId }) => cinder.volumes.get(volumeId)?.status)).toEqual(["in-use", "in-use", "in-use"]);
    session.send("nova", "DELETE", `/servers/${id}`);
    session.sleep(120_000);
    expect(links.filter(({ volumeId }) => cinder.volumes.has(volumeId)).map(({ device }) => device)).toEqual([
      "/dev/sdc",
    ]);
  });
});
