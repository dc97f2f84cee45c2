/** The page's pure modules, and the texts of both languages. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { diffLines, insertLine, mergeLines, moveBorder, removeLine, replaceText, setLineTime, splitLine } from "../../web/js/editor/edits.js";
import { mergeVersions } from "../../web/js/editor/merge.js";
import { formatBytes, formatDuration, formatPercent, formatTime, parseTime } from "../../web/js/lib/format.js";
import { findMatches, replaceAll, replaceMatch } from "../../web/js/editor/find-replace.js";
import { paragraphStarts } from "../../web/js/editor/paragraphs.js";
import { lineIndexAt, partsBetween, timeAtOffset, wordPositions } from "../../web/js/editor/text-positions.js";
import { TEXTS } from "../../web/js/texts.js";

const word = (text, start, probability = 1) => ({ word: ` ${text}`, start, end: start + 1, probability });
const LINES = [
  { id: 0, start: 0, end: 3, text: " one two three", words: [word("one", 0), word("two", 1), word("three", 2)] },
  { id: 1, start: 3, end: 6, text: " four" },
];
const texts = (lines) => lines.map((line) => line.text.trim());

test("times, durations, sizes and percentages are formatted", () => {
  const times = [0, 5.9, 65, 3600, 36_061, -1].map((seconds) => formatTime(seconds));
  assert.deepEqual(times, ["0:00", "0:05", "1:05", "1:00:00", "10:01:01", "0:00"]);
  assert.deepEqual([5.96, 0.3, 59.99].map((seconds) => formatTime(seconds, 1)), ["0:05.9", "0:00.3", "0:59.9"]);
  const durations = [0.2, 45, 720, 9000].map((seconds) => formatDuration(seconds, "en"));
  assert.deepEqual(durations, ["1 sec", "45 sec", "12 min", "2.5 hr"]);
  assert.equal(formatDuration(720, "es"), "12 min");
  assert.equal(formatBytes(3_640_000, "en"), "3.6 MB");
  assert.equal(formatPercent(99.9, "en"), "99%");
});

test("words have positions and times in their line", () => {
  assert.deepEqual(wordPositions(LINES[0]).map(({ from, to }) => [from, to]), [[0, 3], [4, 7], [8, 13]]);
  assert.equal(timeAtOffset(LINES[0], 5), 1);
  assert.equal(timeAtOffset(LINES[1], 2), 4.5); // without words: half of the text, half of the time
  assert.deepEqual(partsBetween(LINES, 1, 4.5), [{ line: 0, from: 4, to: 13 }, { line: 1, from: 0, to: 2 }]);
  assert.deepEqual([-1, 0, 2.9, 3, 99].map((time) => lineIndexAt(LINES, time)), [-1, 0, 0, 1, 1]);
});

test("a search finds all matches in any case", () => {
  const matches = findMatches(LINES, "O");
  assert.deepEqual(matches, [{ line: 0, from: 0, to: 1 }, { line: 0, from: 6, to: 7 }, { line: 1, from: 1, to: 2 }]);
  assert.deepEqual(findMatches(LINES, " "), []);
});

test("a line is split between words and merged again", () => {
  const parts = splitLine(LINES, 0, 7);
  assert.deepEqual(texts(parts), ["one two", "three", "four"]);
  assert.deepEqual(parts.slice(0, 2).map(({ start, end }) => [start, end]), [[0, 2], [2, 3]]);
  const merged = mergeLines(parts, 0);
  assert.deepEqual(texts(merged), texts(LINES));
  assert.deepEqual([merged[0].start, merged[0].end, merged[0].words.length], [0, 3, 3]);
  assert.equal(splitLine(LINES, 0, 0), LINES); // a half would be empty
  assert.equal(mergeLines(LINES, 1), LINES); // the last line
});

test("both parts of a split line last some time", () => {
  const words = [{ word: " Well,", start: 3, end: 3 }, { word: " hello", start: 3, end: 4 }, { word: " there", start: 4, end: 4 }];
  const times = (start, end, text, offset) => splitLine([{ id: 0, start, end, text, words }], 0, offset).map((line) => [line.start, line.end]);
  assert.deepEqual(times(3, 4, "Well, hello there", 5), [[3, 3.1], [3.1, 4]]); // before the first word that was heard
  assert.deepEqual(times(3, 4, "Well, hello there", 2), [[3, 3.1], [3.1, 4]]); // within the first word
  assert.deepEqual(times(3, 4, "Well, hello there", 11), [[3, 3.9], [3.9, 4]]);
  assert.deepEqual(times(3, 3.1, "Well, hello there", 5), [[3, 3.05], [3.05, 3.1]]);
});

test("a line's times stay between its neighbours' and take their edges along", () => {
  const times = (lines) => lines.map(({ start, end }) => [start, end]);
  assert.deepEqual(times(setLineTime(LINES, 1, "start", 2)), [[0, 2], [2, 6]]);
  assert.deepEqual(times(setLineTime(LINES, 0, "end", 4)), [[0, 4], [4, 6]]);
  assert.deepEqual(times(setLineTime(LINES, 0, "end", 2)), [[0, 2], [3, 6]]);
  for (const [index, edge, time] of [[0, "start", 5], [0, "start", -2], [0, "end", 6], [0, "end", 0], [1, "start", 0], [1, "end", 3]]) {
    assert.equal(setLineTime(LINES, index, edge, time), LINES, `${edge} of ${index} at ${time}`);
  }
});

test("a diff is the smallest change", () => {
  assert.deepEqual(diffLines(LINES, LINES), { at: 2, remove: 0, insert: [] });
  const edited = replaceText(LINES, 1, "five");
  assert.deepEqual([diffLines(LINES, edited).at, diffLines(LINES, edited).remove], [1, 1]);
  assert.equal(edited[0], LINES[0]);
  assert.deepEqual(diffLines(LINES, removeLine(LINES, 0)), { at: 0, remove: 1, insert: [] });
  assert.equal(replaceText(LINES, 1, " four "), LINES);
});

test("two versions are merged line by line", () => {
  const base = Array.from({ length: 8 }, (_, id) => ({ id, start: id, end: id + 1, text: `line ${id}` }));
  const merged = (mine, theirs) => {
    const { lines, conflicts } = mergeVersions(base, mine, theirs);
    return [texts(lines).map((text) => text.replace("line ", "")).join(), conflicts.map(({ at }) => at).join()];
  };
  const changed = (index, text, lines = base) => replaceText(lines, index, text);
  assert.deepEqual(merged(changed(1, "A"), changed(5, "B")), ["0,A,2,3,4,B,6,7", ""]);
  assert.deepEqual(merged(changed(1, "A", changed(6, "C")), changed(3, "B")), ["0,A,2,B,4,5,C,7", ""]);
  assert.deepEqual(merged(changed(1, "A"), changed(1, "A")), ["0,A,2,3,4,5,6,7", ""]);
  assert.deepEqual(merged(changed(1, "A", changed(6, "C")), changed(1, "B")), ["0,A,2,3,4,5,C,7", "1"]);
  assert.deepEqual(merged(removeLine(base, 2), changed(4, "B")), ["0,1,3,B,5,6,7", ""]);
  assert.deepEqual(merged(removeLine(base, 2), changed(2, "B")), ["0,1,3,4,5,6,7", "2"]);
  assert.deepEqual(merged(splitLine(base, 3, 4), mergeLines(base, 6)), ["0,1,2,line,3,4,5,6 line 7", ""]);
  assert.deepEqual(merged(changed(1, "A"), changed(1, "B", changed(2, "C"))), ["0,A,C,3,4,5,6,7", "1"]);
  assert.deepEqual(merged(base, changed(0, "B")), ["B,1,2,3,4,5,6,7", ""]);
});

test("both languages have the same texts with the same parameters", () => {
  const parameters = (text) => text.match(/\{\w+\}/g)?.sort();
  for (const [key, translations] of Object.values(TEXTS).flatMap((group) => Object.entries(group))) {
    assert.deepEqual([translations.length, parameters(translations[0])], [2, parameters(translations[1])], key);
  }
});

test("found text is replaced, by case and in whole words if wanted", () => {
  const lines = [{ id: 0, start: 0, end: 1, text: " Ada's ADA, adamant.", words: [] }, { id: 1, start: 1, end: 2, text: " ¿Qué? a.b", words: [] }];
  assert.equal(findMatches(lines, "ada").length, 3);
  assert.equal(findMatches(lines, "ada", { wholeWords: true }).length, 2);
  assert.deepEqual(findMatches(lines, "ADA", { matchCase: true }), [{ line: 0, from: 6, to: 9 }]);
  assert.equal(findMatches(lines, "qué").length, 1);
  assert.equal(findMatches(lines, "ad", { wholeWords: true }).length, 0);
  const replaced = replaceAll(lines, "a.b", "$&", {});
  assert.deepEqual(texts(replaced), ["Ada's ADA, adamant.", "¿Qué? $&"]);
  assert.equal(replaced[0], lines[0]); // untouched
  assert.equal(replaceAll(lines, "nothing", "x"), lines);
  assert.deepEqual(texts(replaceMatch(lines, { line: 0, from: 6, to: 9 }, "Ada"))[0], "Ada's Ada, adamant.");
  assert.equal(findMatches([{ text: " New  York" }], "new york").length, 1);
});

const PARAGRAPHS = JSON.parse(readFileSync(new URL("../export/paragraph_cases.json", import.meta.url), "utf8"));

test("paragraphs begin where those of the exports do", () => {
  for (const { name, segments, begins } of PARAGRAPHS) {
    const lines = segments.map(([start, end, text, channel], id) => ({ id, start, end, text: text.replace(/\*(\d+)/, (_, count) => "x".repeat(count)), channel }));
    const starts = paragraphStarts(lines).flatMap((isStart, index) => (isStart ? [index] : []));
    assert.deepEqual(starts, begins, name);
  }
});

test("typed times are read", () => {
  assert.deepEqual(["62.5", "1:02,5", "1:00:00", " 0:03. "].map(parseTime), [62.5, 62.5, 3600, 3]);
  for (const text of ["", "a", "1:2:3:4", "-1", "1:-2", "1e3"]) assert.ok(Number.isNaN(parseTime(text)), text);
});

test("an inserted line takes free time, or some of the line before", () => {
  const times = ({ lines, index }) => [index, lines.map(({ start, end }) => [start, end])];
  const gap = [{ id: 0, start: 1, end: 3, text: " one" }, { id: 1, start: 8, end: 9, text: " two" }];
  assert.deepEqual(times(insertLine(gap, 1, 4)), [1, [[1, 3], [4, 6], [8, 9]]]); // where playback is
  assert.deepEqual(times(insertLine(gap, 1, 7.5)), [1, [[1, 3], [7.5, 8], [8, 9]]]);
  assert.deepEqual(times(insertLine(gap, 1, 0)), [0, [[0, 1], [1, 3], [8, 9]]]);
  assert.deepEqual(times(insertLine(gap, 0, 2)), [1, [[1, 3], [3, 5], [8, 9]]]);
  assert.deepEqual(times(insertLine(LINES, 0, 1)), [1, [[0, 2], [2, 3], [3, 6]]]);
  assert.deepEqual(times(insertLine(LINES, 1, 4)), [2, [[0, 3], [3, 6], [6, 8]]]);
});

test("a border between two lines moves both", () => {
  const times = (lines) => lines.map(({ start, end }) => [start, end]);
  assert.deepEqual(times(moveBorder(LINES, 0, 2)), [[0, 2], [2, 6]]);
  assert.deepEqual(times(moveBorder(LINES, 0, 4)), [[0, 4], [4, 6]]);
  assert.equal(moveBorder(LINES, 0, 7), LINES);
});
