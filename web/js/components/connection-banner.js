/** 'Reconnecting…' while the server can't be reached. */

import { h, fill, show } from "../lib/dom.js";

export class ConnectionBanner extends HTMLElement {
  /** @param {Store} store */
  connect(store) {
    const banner = h("div", { class: "banner", hidden: true }, h("span", { class: "pulse" }), h("span", { t: "connection.lost" }));
    this.setAttribute("role", "status");
    fill(this, banner);
    store.subscribe(({ connection }) => show(banner, connection === "reconnecting"));
  }
}
