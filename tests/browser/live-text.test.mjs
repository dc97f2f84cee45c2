/** The text of a recording while it is made: from the draft to the final text, also after a reconnection. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { noText, reduceLiveText } from "../../web/js/live-text.js";

const started = { type: "started", data: { job_id: "1", samples: 0 } };
const partial = (stable, tentative, lag = 0) => ({ type: "partial", data: { stable, tentative, lag } });
const segment = (id, text) => ({ type: "segment", data: { id, text, start: id, end: id + 1 } });
const completed = (...lines) => ({
  type: "completed",
  data: { status: "completed", result: { text: lines.join(""), segments: lines.map((text) => ({ text })) } },
});
const reduceAll = (...messages) => messages.reduce(reduceLiveText, noText());

test("an utterance grows, ends, and becomes a line", () => {
  const open = reduceAll(started, partial(" one", " two"));
  assert.deepEqual([open.phase, open.lines, open.stable, open.tentative], ["draft", [], "one", "two"]);
  const ended = reduceLiveText(open, segment(0, " one three"));
  assert.deepEqual([ended.lines, ended.stable, ended.tentative], [["one three"], "", ""]);
});

test("a line that somebody corrected takes the place of what was heard", () => {
  const lines = [segment(0, " a"), segment(1, " tree"), partial(" four", ""), segment(1, "three")];
  const corrected = reduceAll(started, ...lines);
  assert.deepEqual([corrected.lines, corrected.stable], [["a", "three"], "four"]);
});

test("the final text replaces the draft", () => {
  const draft = reduceAll(started, segment(0, " tree"), partial(" for", ""), { type: "status", data: { status: "queued" } });
  assert.deepEqual([draft.phase, draft.lines, draft.stable], ["transcribing", ["tree"], "for"]);
  const late = reduceLiveText(draft, segment(1, " for"));
  assert.equal(late.phase, "transcribing");
  const final = reduceLiveText(late, completed(" three", " four", " five"));
  assert.deepEqual([final.phase, final.lines, final.stable], ["final", ["three", "four", "five"], ""]);
  assert.deepEqual(final.times.map(({ start, end }) => [start, end]), [[0, 1], [1, 2]]);
});

test("after a reconnection nothing is doubled", () => {
  assert.deepEqual(reduceAll(started, segment(0, "a"), segment(1, "b"), started, segment(0, "a"), segment(1, "b")).lines, ["a", "b"]);
});

test("a text without segments is one line, and no text is none", () => {
  const without = (text) => ({ type: "completed", data: { result: { text, segments: [] } } });
  assert.deepEqual(reduceAll(without(" all")).lines, ["all"]);
  assert.deepEqual(reduceAll(without("")).lines, []);
});

test("why there is no text is shown, and goes when there is", () => {
  const loading = reduceAll(started, { type: "preparing", data: { message: "Loading" } });
  assert.equal(loading.note, "Loading");
  assert.equal(reduceLiveText(loading, partial("", "a")).note, "");
  assert.equal(reduceAll({ type: "unavailable", data: { message: "Too large" } }).note, "Too large");
  const failed = reduceAll({ type: "error", data: { status: "failed", error: { message: "Broken" } } });
  assert.deepEqual([failed.phase, failed.note], ["failed", "Broken"]);
});
