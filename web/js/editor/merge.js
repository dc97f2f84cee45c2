/** Merges two changed versions of the same lines, line by line. Pure functions. */

import { diffLines, hasSameContent } from "./edits.js";

/** A splice: `insert` replaces `remove` lines at line `at`. @typedef {{at: number, remove: number, insert: Lines}} Hunk */
/** Lines that both versions changed: `theirs` instead of the `mine.length` merged lines from `at` on. @typedef {{at: number, mine: Lines, theirs: Lines, baseFrom: number, baseTo: number}} Conflict */

/** Larger changes are compared as a whole: finding the lines that they share would take too long. */
const MAX_COMPARISONS = 4e6;

/**
 * Both versions' changes to `base`; of lines that both changed differently, mine, and a conflict.
 * @param {Lines} base @param {Lines} mine @param {Lines} theirs
 */
export function mergeVersions(base, mine, theirs) {
	/** @type {Segment[]} */
	const lines = [];
	/** @type {Conflict[]} */
	const conflicts = [];
	const [myHunks, theirHunks] = [diffHunks(base, mine), diffHunks(base, theirs)];
	let at = 0;
	while (myHunks.length || theirHunks.length) {
		const from = Math.min(myHunks[0]?.at ?? Infinity, theirHunks[0]?.at ?? Infinity);
		lines.push(...base.slice(at, from));
		const { to, my, their } = takeOverlapping(myHunks, theirHunks, from);
		const [myLines, theirLines] = [applied(base, my, from, to), applied(base, their, from, to)];
		const isConflict = my.length > 0 && their.length > 0 && !isSame(myLines, theirLines);
		if (isConflict) conflicts.push({ at: lines.length, mine: myLines, theirs: theirLines, baseFrom: from, baseTo: to });
		lines.push(...(isConflict ? myLines : their.length ? theirLines : myLines));
		at = to;
	}
	lines.push(...base.slice(at));
	return { lines, conflicts };
}

/** Removes from both lists the hunks that overlap each other, beginning with the one at `from`. @param {Hunk[]} myHunks @param {Hunk[]} theirHunks @param {number} from */
function takeOverlapping(myHunks, theirHunks, from) {
	/** @type {Hunk[]} */
	const my = [];
	/** @type {Hunk[]} */
	const their = [];
	let to = from;
	const overlaps = (/** @type {Hunk|undefined} */ hunk) => hunk && (hunk.at < to || hunk.at === from);
	while (overlaps(myHunks[0]) || overlaps(theirHunks[0])) {
		const isMine = overlaps(myHunks[0]);
		const hunk = /** @type {Hunk} */ ((isMine ? myHunks : theirHunks).shift());
		(isMine ? my : their).push(hunk);
		to = Math.max(to, hunk.at + hunk.remove);
	}
	return { to, my, their };
}

/** The lines `from` to `to` of the base with these hunks. @param {Lines} base @param {Hunk[]} hunks @param {number} from @param {number} to */
function applied(base, hunks, from, to) {
	const lines = base.slice(from, to);
	for (const { at, remove, insert } of hunks.toReversed()) lines.splice(at - from, remove, ...insert);
	return lines;
}

/** @param {Lines} a @param {Lines} b */
function isSame(a, b) {
	return a.length === b.length && a.every((line, index) => hasSameContent(line, b[index]));
}

/** The splices, in order, that turn `before` into `after`; changed lines that follow each other are one each. @param {Lines} before @param {Lines} after @returns {Hunk[]} */
function diffHunks(before, after) {
	const { at, remove, insert } = diffLines(before, after);
	if (!remove && !insert.length) return [];
	if (!remove || !insert.length || remove * insert.length > MAX_COMPARISONS) return [{ at, remove, insert }];
	const removed = before.slice(at, at + remove);
	const common = commonLengths(removed, insert);
	/** @type {Hunk[]} */
	const hunks = [];
	let [i, j] = [0, 0];
	while (i < removed.length || j < insert.length) {
		if (hasSameContent(removed[i], insert[j]) && i < removed.length) {
			[i, j] = [i + 1, j + 1];
			continue;
		}
		const [fromI, fromJ] = [i, j];
		while ((i < removed.length || j < insert.length) && !(i < removed.length && hasSameContent(removed[i], insert[j]))) {
			if (j >= insert.length || (i < removed.length && common(i + 1, j) >= common(i, j + 1))) i += 1;
			else j += 1;
		}
		const lines = insert.slice(fromJ, j);
		if (lines.length === i - fromI) hunks.push(...lines.map((line, index) => ({ at: at + fromI + index, remove: 1, insert: [line] })));
		else hunks.push({ at: at + fromI, remove: i - fromI, insert: lines });
	}
	return hunks;
}

/** How many lines the rests of both lists have in common, by where the rests begin. @param {Lines} a @param {Lines} b */
function commonLengths(a, b) {
	const width = b.length + 1;
	const lengths = new Uint16Array((a.length + 1) * width);
	const length = (/** @type {number} */ i, /** @type {number} */ j) => lengths[i * width + j] ?? 0;
	for (let i = a.length - 1; i >= 0; i -= 1) {
		for (let j = b.length - 1; j >= 0; j -= 1) {
			lengths[i * width + j] = hasSameContent(a[i], b[j]) ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
		}
	}
	return length;
}
