/** The reducer: repeated, late and missing messages of the server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { initialState, reduce } from "../../web/js/reducer.js";

const job = (id, status = "processing", more = {}) => ({
  job_id: id, status, created_at: `2026-01-01T00:00:0${id}Z`, progress: 0, filename: "a", ...more,
});
const snapshot = (...jobs) => ({ type: "snapshot", data: { jobs, queue: {} } });
const changed = (data) => ({ type: "job", job_id: data.job_id, data });
const segment = (id) => ({ type: "segment", job_id: "1", data: { id, start: 0, end: 1, text: `t${id}` } });
const detail = (data) => ({ type: "job/detail", job_id: data.job_id, data });
const page = (jobs, next_cursor = null) => ({ type: "jobs/page", data: { jobs, next_cursor } });
const reduceAll = (...messages) => messages.reduce(reduce, initialState());
const segmentIds = (state) => state.entries["1"].segments.map(({ id }) => id);

test("a repeated segment is added once", () => {
  assert.deepEqual(segmentIds(reduceAll(snapshot(job("1")), segment(0), segment(1), segment(0), segment(1))), [0, 1]);
});

test("segments are sorted by id", () => {
  assert.deepEqual(segmentIds(reduceAll(snapshot(job("1")), segment(2), segment(0), segment(1))), [0, 1, 2]);
});

test("a job's details bring the segments missed while disconnected", () => {
  const segments = [0, 1, 2].map((id) => segment(id).data);
  const before = [snapshot(job("1")), segment(0), segment(9), snapshot(job("1"))];
  const state = reduceAll(...before, segment(3), detail(job("1", "processing", { segments })));
  assert.deepEqual(segmentIds(state), [0, 1, 2, 3]); // the restarted server has lost 9; 3 came during the request
});

test("late details don't revive a finished job", () => {
  const late = detail(job("1", "processing", { segments: [] }));
  const entry = reduceAll(snapshot(job("1")), changed(job("1", "completed")), late).entries["1"];
  assert.deepEqual([entry.job.status, entry.result], ["completed", null]);
});

test("late progress doesn't revive a cancelled job", () => {
  const late = { type: "progress", job_id: "1", data: { status: "processing", progress: 5 } };
  assert.equal(reduceAll(snapshot(job("1", "cancelled")), late).entries["1"].job.status, "cancelled");
});

test("a retried job starts without segments", () => {
  const messages = [segment(0), changed(job("1", "failed")), changed(job("1", "queued"))];
  assert.deepEqual(segmentIds(reduceAll(snapshot(job("1")), ...messages)), []);
});

test("jobs missing from a snapshot are removed", () => {
  assert.deepEqual(reduceAll(snapshot(job("2"), job("1")), snapshot(job("2"))).jobIds, ["2"]);
});

test("jobs are sorted by date in whatever order they arrive", () => {
  assert.deepEqual(reduceAll(snapshot(job("2")), changed(job("1")), changed(job("3"))).jobIds, ["3", "2", "1"]);
  const pages = [page([job("5"), job("4"), job("3")], "next"), page([job("2"), job("1")])];
  const state = reduceAll(snapshot(job("5")), changed(job("1")), ...pages);
  assert.deepEqual([state.jobIds, state.hasOlder], [["5", "4", "3", "2", "1"], false]);
});

test("the jobs behind one that leaves the queue move up", () => {
  const waiting = ["3", "2", "1"].map((id) => job(id, "queued", { queue_position: Number(id) }));
  const { entries } = reduceAll(snapshot(...waiting), changed(job("1", "processing")));
  assert.deepEqual(["2", "3"].map((id) => entries[id].job.queue_position), [1, 2]);
});

test("results of an earlier search are ignored", () => {
  const filter = { q: "a", status: "" };
  const results = { type: "filter/results", data: { filter, jobs: [job("1")], next_cursor: null, append: false } };
  const state = reduceAll({ type: "filter/changed", data: filter });
  assert.deepEqual(reduce(state, results).searchResults.jobIds, ["1"]);
  const changedState = reduce(state, { type: "filter/changed", data: { q: "ab", status: "" } });
  assert.equal(reduce(changedState, results).searchResults, null);
});

test("an unknown message changes nothing", () => {
  const state = initialState();
  assert.equal(reduce(state, { type: "weather", data: 1 }), state);
});
