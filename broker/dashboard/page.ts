import { isDownloadable, isoTime } from "../backup/routes/answers.ts";
import type { VmVitals } from "../spi/director/vitals.ts";
import type { BackupRow, RestoreRow } from "../store/schema.ts";
import { DASHBOARD_PATH } from "../osb/paths.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import type { DashboardView } from "./view.ts";

const timeOf = (ms: number): string =>
  isoTime(ms)
    ?.replace("T", " ")
    .replace(/\.\d+Z$/, " UTC") ?? "–";

const BYTES_PER_KIB = 1024;

function sizeOf(bytes: number): string {
  if (bytes === 0) return "–";
  const power = Math.min(3, Math.floor(Math.log(bytes) / Math.log(BYTES_PER_KIB)));
  return `${(bytes / BYTES_PER_KIB ** power).toFixed(power === 0 ? 0 : 1)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

/** The context of a page's action. */
interface PageContext {
  readonly id: string;
  readonly formToken: string;
}

/** A form with one button. */
const form = ({ id, formToken }: PageContext, action: string, label: string, fields?: Html): Html =>
  html`<form method="post" action="${DASHBOARD_PATH}/${id}/${action}">
    <input type="hidden" name="form_token" value="${formToken}">${fields}<button>${label}</button>
  </form>`;

const percent = (value: string | number | undefined): Html =>
  value === undefined
    ? html`–`
    : html`<meter min="0" max="100" high="80" value="${value}">${value} %</meter> ${value} %`;

const metricsRow = ({ index, job_state: state, vitals }: VmVitals): Html => html`<tr>
  <td>${index}</td><td>${state ?? "no VM"}</td><td>${vitals?.load?.[0] ?? "–"}</td>
  <td>${percent(vitals?.mem?.percent)}</td><td>${percent(vitals?.disk?.persistent?.percent)}</td>
</tr>`;

const metrics = (vms: DashboardView["vms"]): Html =>
  vms === undefined
    ? html`<p>The metrics can't be read at present.</p>`
    : html`<table><thead><tr><th>Node</th><th>State</th><th>Load</th><th>Memory</th><th>Disk</th></tr></thead>
      <tbody>${vms.map(metricsRow)}</tbody></table>`;

const intoField = html`<label>Into another instance (its id; empty: this one) <input name="into" autocomplete="off"></label>`;

const restoreFields = html`${intoField}<label>Key, if it had another then <input type="password" name="key" autocomplete="off"></label>
  <label class="confirm"><input type="checkbox" required>Replace all data</label>`;

function backupRow(context: PageContext, backup: BackupRow): Html {
  const isGood = backup.state === "succeeded";
  const path = `backups/${backup.id}`;
  return html`<tr>
    <td>${timeOf(backup.triggered_ms)}<br><small>${backup.id}</small></td>
    <td class="${backup.state}">${backup.state}</td><td>${sizeOf(backup.size_bytes)}</td><td>${backup.origin}</td>
    <td>${isGood && form(context, `${path}/restore`, "Restore", restoreFields)}
      ${isGood && isDownloadable(backup) && html`<a href="${DASHBOARD_PATH}/${context.id}/${path}/download">Download</a>`}
      ${(isGood || backup.state === "failed") && form(context, `${path}/delete`, "Delete")}</td>
  </tr>`;
}

const backups = (context: PageContext, rows: readonly BackupRow[]): Html =>
  rows.length === 0
    ? html`<p>There are none yet.</p>`
    : html`<table><thead><tr><th>Ordered</th><th>State</th><th>Size</th><th>By</th><th></th></tr></thead>
      <tbody>${rows.map((row) => backupRow(context, row))}</tbody></table>`;

/** Restores to any time of an instance that keeps its log. */
const moments = (context: PageContext, window: DashboardView["moments"]): Html | undefined =>
  window &&
  html`<h3>To a time</h3>
    <p>From ${timeOf(window.startMs)} to ${timeOf(window.endMs)}.</p>
    ${form(
      context,
      "moments",
      "Restore to this time",
      html`<label>Time with its zone <input name="at" required placeholder="${isoTime(window.endMs) ?? ""}"></label>${restoreFields}`,
    )}`;

const restoreRow = (row: RestoreRow): Html => html`<tr>
  <td>${timeOf(row.triggered_ms)}</td><td class="${row.state}">${row.state}</td>
  <td>${row.target_ms === 0 ? row.backup_id : timeOf(row.target_ms)}</td><td>${timeOf(row.finished_ms)}</td>
</tr>`;

const restores = (rows: readonly RestoreRow[]): Html | undefined =>
  rows.length === 0
    ? undefined
    : html`<h3>Restores</h3><table><thead><tr><th>Ordered</th><th>State</th><th>To</th><th>Ended</th></tr></thead>
      <tbody>${rows.map(restoreRow)}</tbody></table>`;

function schedule(context: PageContext, { settings }: DashboardView): Html {
  const {
    schedule: cron,
    time_zone: zone,
    keep_min: min,
    keep_days: days,
    due_ms: due,
    missed_count: missed,
  } = settings;
  const fields = html`
    <label>Schedule (cron; empty for none) <input name="schedule" value="${cron}" placeholder="30 2 * * *"></label>
    <label>Time zone <input name="time_zone" value="${zone}"></label>
    <label>Good ones to keep <input type="number" name="keep_min" min="1" value="${min}"></label>
    <label>Days to keep all <input type="number" name="keep_days" min="0" value="${days}"></label>`;
  return html`<h3>Schedule</h3>
    <p>Next: ${timeOf(due)}${missed > 0 && html`; missed: ${missed}`}.</p>
    ${form(context, "settings", "Save", fields)}
    <h3>Key</h3>
    <p>${settings.key_version > 0 ? "A key is set." : "No key is set."} It encrypts backups that are made from now on, and is never shown.</p>
    ${form(
      context,
      "key",
      "Set key",
      html`<label>New key <input type="password" name="key" minlength="8" required autocomplete="new-password"></label>`,
    )}`;
}

const bindingRow = ({ id, state, created_ms: createdMs }: DashboardView["bindings"][number]): Html =>
  html`<tr><td>${id}</td><td class="${state}">${state}</td><td>${timeOf(createdMs)}</td></tr>`;

const bindings = (rows: DashboardView["bindings"]): Html =>
  rows.length === 0
    ? html`<p>There are none.</p>`
    : html`<table><thead><tr><th>Id</th><th>State</th><th>Made</th></tr></thead><tbody>${rows.map(bindingRow)}</tbody></table>`;

/** The dashboard of an instance. */
export function dashboardPage(view: DashboardView, userName: string, formToken: string): Html {
  const { instance, plan, service } = view;
  const context = { id: instance.id, formToken };
  const state = view.quarantine === undefined ? (view.busyWith ?? instance.state) : "out of use";
  return page(
    `${service} ${instance.id}`,
    html`<header><h1>${service}</h1>
      <div>${userName} ${form(context, "logout", "Log out")}</div></header>
    <section><h2>State</h2><dl>
      <dt>Instance</dt><dd>${instance.id}</dd>
      <dt>State</dt><dd class="${instance.state}">${state}${view.quarantine !== undefined && html`: ${view.quarantine}`}</dd>
      <dt>Plan</dt><dd>${plan.name} (${plan.nodes} node${plan.nodes === 1 ? "" : "s"}, ${plan.size}${plan.isTls && ", TLS"})</dd>
      <dt>Deployment</dt><dd>${instance.deployment}, release ${view.madeOf}</dd>
      <dt>Made</dt><dd>${timeOf(instance.created_ms)}</dd></dl></section>
    <section><h2>Metrics</h2>${metrics(view.vms)}</section>
    <section><h2>Bindings</h2>${bindings(view.bindings)}</section>
    <section><h2>Backups</h2>${form(context, "backups", "Back up now")}
      ${backups(context, view.backups)}${moments(context, view.moments)}${restores(view.restores)}${schedule(context, view)}</section>`,
  );
}
