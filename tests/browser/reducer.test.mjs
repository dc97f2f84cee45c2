/** The page's pure reducer, run by node: what the server may repeat, delay or leave out. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { initialState, reduce } from "../../web/js/reducer.js";

const job = (name, status = "processing", more = {}) => ({
  job_id: name, status, created_at: `2026-01-01T00:00:0${name}Z`, progress: 0, filename: "a", ...more,
});
const snapshot = (...jobs) => ({ type: "snapshot", data: { jobs, queue: {} } });
const changed = (body) => ({ type: "job", job_id: body.job_id, data: body });
const segment = (id) => ({ type: "segment", job_id: "1", data: { id, start: 0, end: 1, text: `t${id}` } });
const detail = (body) => ({ type: "job/detail", job_id: body.job_id, data: body });
const page = (jobs, next_cursor = null) => ({ type: "jobs/page", data: { jobs, next_cursor } });
const after = (...messages) => messages.reduce(reduce, initialState());
const ids = (state) => state.entries["1"].segments.map(({ id }) => id);

test("a repeated segment is one segment", () => {
  assert.deepEqual(ids(after(snapshot(job("1")), segment(0), segment(1), segment(0), segment(1))), [0, 1]);
});

test("segments that come out of order are in order", () => {
  assert.deepEqual(ids(after(snapshot(job("1")), segment(2), segment(0), segment(1))), [0, 1, 2]);
});

test("after a reconnection the server knows what was missed", () => {
  const segments = [0, 1, 2].map((id) => segment(id).data);
  const before = [snapshot(job("1")), segment(0), segment(9), snapshot(job("1"))];
  const state = after(...before, segment(3), detail(job("1", "processing", { segments })));
  assert.deepEqual(ids(state), [0, 1, 2, 3]); // 9 was lost with the server; 3 came while the answer was under way
});

test("a late answer does not bring a finished job back", () => {
  const late = detail(job("1", "processing", { segments: [] }));
  const { job: known, result } = after(snapshot(job("1")), changed(job("1", "completed")), late).entries["1"];
  assert.deepEqual([known.status, result], ["completed", null]);
});

test("late progress does not either", () => {
  const late = { type: "progress", job_id: "1", data: { status: "processing", progress: 5 } };
  assert.equal(after(snapshot(job("1", "cancelled")), late).entries["1"].job.status, "cancelled");
});

test("a retried job begins anew", () => {
  assert.deepEqual(ids(after(snapshot(job("1")), segment(0), changed(job("1", "failed")), changed(job("1", "queued")))), []);
});

test("what the snapshot does not have is gone", () => {
  assert.deepEqual(after(snapshot(job("2"), job("1")), snapshot(job("2"))).order, ["2"]);
});

test("newest first whatever the order of news", () => {
  assert.deepEqual(after(snapshot(job("2")), changed(job("1")), changed(job("3"))).order, ["3", "2", "1"]);
  const old = after(snapshot(job("5")), changed(job("1")), page([job("5"), job("4"), job("3")], "next"), page([job("2"), job("1")]));
  assert.deepEqual([old.order, old.more], [["5", "4", "3", "2", "1"], false]);
});

test("those behind move up when one leaves the queue", () => {
  const waiting = ["3", "2", "1"].map((name) => job(name, "queued", { queue_position: Number(name) }));
  const { entries } = after(snapshot(...waiting), changed(job("1", "processing")));
  assert.deepEqual(["2", "3"].map((name) => entries[name].job.queue_position), [1, 2]);
});

test("a message that is unknown changes nothing", () => {
  const state = initialState();
  assert.equal(reduce(state, { type: "weather", data: 1 }), state);
});
