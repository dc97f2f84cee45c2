/** What the socket says goes to the store; what it leaves out (the segments so far) is fetched. */

export class Sync {
  #store;
  #actions;

  /** @param {Store} store @param {Actions} actions */
  constructor(store, actions) {
    this.#store = store;
    this.#actions = actions;
  }

  /** @param {ServerMessage} message */
  receive(message) {
    const before = this.#store.state;
    this.#store.dispatch(message);
    if (message.type === "snapshot") {
      for (const job of message.data.jobs) if (underWay(job)) void this.#actions.loadJob(job.job_id);
      void this.#actions.loadCatalogue();
      void this.#actions.search();
    } else if (message.type === "corrected") {
      const known = before.entries[message.job_id ?? ""]?.result;
      if (known && known.version < message.data.version) void this.#actions.loadJob(message.job_id ?? "");
    } else if (message.type === "job") {
      if (message.data.status === "completed") void this.#actions.loadCatalogue(); // a speed was measured
      if (before.found) void this.#actions.search();
      // It goes on after a restart: segments from before it are known only to the server.
      const was = before.entries[message.data.job_id]?.job.status;
      if (was !== "processing" && underWay(message.data)) void this.#actions.loadJob(message.data.job_id);
    }
  }

  /** @param {"online"|"reconnecting"} connection */
  connection(connection) {
    this.#store.dispatch({ type: "connection/changed", data: connection });
  }
}

/** @param {Job} job */
function underWay(job) {
  return job.status === "processing" || (job.status === "queued" && job.progress > 0);
}
