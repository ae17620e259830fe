import { hash } from "node:crypto";
import { DASHBOARD_PATH } from "../osb/paths.ts";
import { Html, html } from "./html.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 0 auto; padding: 1rem; }
header { display: flex; justify-content: space-between; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; border-bottom: 1px solid #8886; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; }
td, th { padding: .3rem .6rem .3rem 0; vertical-align: top; border-bottom: 1px solid #8883; }
dl { display: grid; grid-template-columns: max-content auto; gap: .2rem 1.5rem; } dd { margin: 0; } dt { opacity: .7; }
form { display: inline-flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .1rem .4rem .1rem 0; }
label { display: flex; flex-direction: column; font-size: .85rem; }
.confirm { flex-direction: row; gap: .3rem; align-items: center; }
input, button { font: inherit; padding: .15rem .5rem; }
small { opacity: .7; } .failed, .broken { color: #c33; } .succeeded, .ready { color: #293; }
`;

/** Nothing is loaded or run, nobody may frame the page, and its forms can be sent nowhere else. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash("sha256", STYLE, "base64")}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** The headers of every answer. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cache-control": "no-store",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
};

/** A whole page. */
export const page = (title: string, body: Html): Html => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${new Html(STYLE)}</style></head><body>${body}</body></html>
`;

/** A page that explains why the requested one can't be shown. */
export const messagePage = (title: string, text: string, instanceId?: string): Html =>
  page(
    title,
    html`<h1>${title}</h1><p>${text}</p>
    ${instanceId !== undefined && html`<p><a href="${DASHBOARD_PATH}/${instanceId}">To the dashboard</a></p>`}`,
  );
