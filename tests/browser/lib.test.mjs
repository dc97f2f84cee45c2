/** The page's pure parts, run by node: times, corrections, words, the languages' tables. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { diffLines, merge, setLineTime, split, replaceText, removeLine } from "../../web/js/lib/edits.js";
import { formatBytes, formatTime, formatPercent, formatDuration } from "../../web/js/lib/format.js";
import { findMatches, lineIndexAt, wordPositions, timeAtOffset } from "../../web/js/lib/text-positions.js";
import { initialState, reduce } from "../../web/js/reducer.js";
import { TEXTS } from "../../web/js/texts.js";

const word = (text, start, probability = 1) => ({ word: ` ${text}`, start, end: start + 1, probability });
const LINES = [
  { id: 0, start: 0, end: 3, text: " one two three", words: [word("one", 0), word("two", 1), word("three", 2)] },
  { id: 1, start: 3, end: 6, text: " four" },
];
const texts = (lines) => lines.map((line) => line.text.trim());

test("times", () => {
  assert.deepEqual([0, 5.9, 65, 3600, 36_061, -1].map(formatTime), ["0:00", "0:05", "1:05", "1:00:00", "10:01:01", "0:00"]);
  assert.deepEqual([0.2, 45, 720, 9000].map((each) => formatDuration(each, "en")), ["1 sec", "45 sec", "12 min", "2.5 hr"]);
  assert.equal(formatDuration(720, "es"), "12 min");
  assert.equal(formatBytes(3_640_000, "en"), "3.6 MB");
  assert.equal(formatPercent(99.9, "en"), "99%");
});

test("words have places and times in their line", () => {
  assert.deepEqual(wordPositions(LINES[0]).map(({ from, to }) => [from, to]), [[0, 3], [4, 7], [8, 13]]);
  assert.equal(timeAtOffset(LINES[0], 5), 1);
  assert.equal(timeAtOffset(LINES[1], 2), 4.5); // no words: half of the text, half of the time
  assert.deepEqual([-1, 0, 2.9, 3, 99].map((time) => lineIndexAt(LINES, time)), [-1, 0, 0, 1, 1]);
  assert.deepEqual(findMatches(LINES, "O"), [{ line: 0, from: 0, to: 1 }, { line: 0, from: 6, to: 7 }, { line: 1, from: 1, to: 2 }]);
  assert.deepEqual(findMatches(LINES, " "), []);
});

test("a line is split where its words part, and joined again", () => {
  const parted = split(LINES, 0, 7);
  assert.deepEqual(texts(parted), ["one two", "three", "four"]);
  assert.deepEqual(parted.slice(0, 2).map(({ start, end }) => [start, end]), [[0, 2], [2, 3]]);
  const joined = merge(parted, 0);
  assert.deepEqual(texts(joined), texts(LINES));
  assert.deepEqual([joined[0].start, joined[0].end, joined[0].words.length], [0, 3, 3]);
  assert.equal(split(LINES, 0, 0), LINES); // no empty halves
  assert.equal(merge(LINES, 1), LINES); // nothing behind the last
});

test("a line never ends before it begins", () => {
  assert.deepEqual([setLineTime(LINES, 0, "start", 5)[0].end, setLineTime(LINES, 1, "end", 1)[1].start], [5, 1]);
  assert.equal(setLineTime(LINES, 0, "start", -2)[0].start, 0);
});

test("what is sent is the smallest change", () => {
  assert.deepEqual(diffLines(LINES, LINES), { at: 2, remove: 0, put: [] });
  const edited = replaceText(LINES, 1, "five");
  assert.deepEqual([diffLines(LINES, edited).at, diffLines(LINES, edited).remove], [1, 1]);
  assert.equal(edited[0], LINES[0]);
  assert.deepEqual(diffLines(LINES, removeLine(LINES, 0)), { at: 0, remove: 1, put: [] });
  assert.equal(replaceText(LINES, 1, " four "), LINES);
});

test("a search's answer that comes late is left out", () => {
  const job = { job_id: "1", status: "completed", created_at: "2026", filename: "a" };
  const old = { q: "a", status: "" };
  let state = reduce(initialState(), { type: "filter/changed", data: old });
  const answer = { type: "filter/results", data: { filter: old, jobs: [job], next_cursor: null, more: false } };
  assert.deepEqual(reduce(state, answer).found.order, ["1"]);
  state = reduce(state, { type: "filter/changed", data: { q: "ab", status: "" } });
  assert.equal(reduce(state, answer).found, null);
});

test("both languages have the same texts with the same parameters", () => {
  const parameters = (text) => text.match(/\{\w+\}/g)?.sort();
  for (const [key, texts] of Object.entries(TEXTS)) {
    assert.deepEqual([texts.length, parameters(texts[0])], [2, parameters(texts[1])], key);
  }
});
