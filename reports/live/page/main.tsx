import { render } from "preact";
import { App } from "./app.tsx";
import { follow, takeToken } from "./connection.ts";
import { Store } from "./store.ts";
import "./style.css";

const store = new Store((draw) => void requestAnimationFrame(draw));
const token = takeToken();
const root = document.getElementById("app");
if (root !== null) render(<App store={store} token={token} />, root);
void follow(token, { onMessage: (message) => store.take(message), onStatus: (status) => store.setStatus(status) });
