import { render } from "preact";
import type { Report } from "../report.ts";
import { App } from "./app.tsx";
import "./style.css";

const data = document.getElementById("drydock-report")?.textContent ?? "";
const root = document.getElementById("app");
if (root !== null) render(<App report={JSON.parse(data) as Report} />, root);
