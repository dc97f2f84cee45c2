/** Lets an element be dragged within the window. A press that doesn't move it is a click. */

const CLICK_PX = 4;

/** @param {HTMLElement} element @param {() => void} onClick @param {AbortSignal} signal */
export function makeMovable(element, onClick, signal) {
	let [x, y] = [0, 0]; // the distance from its own place
	/** Of the pointer, in that distance. @type {{x: number, y: number}|undefined} */
	let origin;
	let hasMoved = false;
	element.style.transform = "";

	element.addEventListener("pointerdown", (event) => {
		if (event.button !== 0) return;
		element.setPointerCapture(event.pointerId);
		origin = { x: event.clientX - x, y: event.clientY - y };
		hasMoved = false;
	}, { signal });
	element.addEventListener("pointermove", ({ clientX, clientY }) => {
		if (!origin) return;
		const [nextX, nextY] = [clientX - origin.x, clientY - origin.y];
		hasMoved ||= Math.hypot(nextX - x, nextY - y) > CLICK_PX;
		if (!hasMoved) return;
		const { left, right, top, bottom } = element.getBoundingClientRect();
		x += clamp(nextX - x, -left, innerWidth - right);
		y += clamp(nextY - y, -top, innerHeight - bottom);
		element.style.transform = `translate(${x}px, ${y}px)`;
	}, { signal });
	element.addEventListener("pointerup", () => {
		if (origin && !hasMoved) onClick();
		origin = undefined;
	}, { signal });
	element.addEventListener("pointercancel", () => (origin = undefined), { signal });
}

/** @param {number} value @param {number} min @param {number} max */
function clamp(value, min, max) {
	return Math.min(Math.max(value, min), max);
}
