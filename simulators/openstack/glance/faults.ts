import { type FaultPoint, faultPoint } from "../../kernel/index.ts";

/** The upload of an image's data. */
export const UPLOAD_POINT = faultPoint({
  point: "glance:image.upload",
  effects: ["error", "stuck"],
  attributes: { id: { prose: "the id of the image" }, name: { prose: "its name" } },
  errorCode: { prose: "the HTTP status of the refusal", minimum: 400, maximum: 599 },
  prose:
    "An upload is refused after it was received (store full, quota), or the image stays in `saving` for good. The caller must not use an image before it is active.",
});

/** Where Glance's own work may fail, besides its routes. */
export const FAULT_POINTS: readonly FaultPoint[] = [UPLOAD_POINT];
