/** The kernel's public face: what a simulator builds on. Edges (sockets, msw, drivers) are imported from `edge/`. */
export { KERNEL_ERRORS, KernelError, type KernelErrorCode } from "./errors.ts";
export { type ArmedRule, Faults } from "./faults.ts";
export {
  DELAY_MS_MAX,
  type Effect,
  EFFECT_KINDS,
  type EffectKind,
  type EffectOf,
  EFFECTS,
  effectSchema,
  STUCK_MS_MAX,
} from "./faults/effects.ts";
export { formatIpv4, parseIpv4 } from "./ipv4.ts";
export { compileGlob } from "./faults/glob.ts";
export {
  type AttributesOf,
  type EffectAt,
  type FaultAttribute,
  type FaultPoint,
  faultPoint,
  type FaultRule,
  ruleAt,
} from "./faults/point.ts";
export { parseRule, RULE_SCHEMA } from "./faults/parse-rule.ts";
export {
  type Api,
  defineService,
  type Handler,
  type Route,
  type Service,
  type Unread,
  type Upload,
} from "./http/api.ts";
export { basicHeader, type BasicCredentials, readBasic, readBearer } from "./http/basic.ts";
export { Crash } from "./http/crash.ts";
export {
  type Front,
  fieldsOf,
  isToken,
  type Judged,
  PLAIN_FRONT,
  type RawMessage,
  rawAnswer,
  requestIn,
} from "./http/front.ts";
export {
  bodyJson,
  bodyText,
  empty,
  type HttpReply,
  type HttpRequest,
  json,
  makeRequest,
  queryOf,
  type ReplyHeaders,
  replyHeader,
  serialise,
  text,
  type WireFault,
} from "./http/message.ts";
export { percentDecode, percentText } from "./http/percent.ts";
export { Journal, type JournalEvent } from "./journal.ts";
export type { Snapshot } from "./history.ts";
export type { KeptInput, Keeper } from "./keeper.ts";
export { Kernel, type Slot } from "./kernel.ts";
export { isDeeper, isObject, JSON_DEPTH_MAX, parseJson, readTexts } from "./json.ts";
export { EPOCH_MS, type KernelOptions, type Pace, PACES } from "./options.ts";
export { byKey, byText } from "./order.ts";
export { own } from "./own.ts";
export { compilePattern, globFits, type Pattern, PATTERN_CHARS_MAX } from "./pattern.ts";
export { streamOf } from "./stream.ts";
export { all, type Body, on, Process, type Release, Signal, within, type Yielded } from "./process.ts";
export { Random, type RandomState } from "./random.ts";
export type { Timer } from "./scheduler.ts";
export { SecretStream, sameSecret } from "./secrets.ts";
export { isoMicroseconds, isoSeconds } from "./time.ts";
export { isUuid, isUuidLike, UUID_LIKE_PATTERN, UUID_PATTERN } from "./uuid.ts";
