/** Copies a text, also on pages without a secure context. @param {string} text @returns {Promise<boolean>} whether it was copied */
export async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = document.createElement("textarea");
		area.className = "visually-hidden";
		area.value = text;
		document.body.append(area);
		area.select();
		const copied = document.execCommand("copy");
		area.remove();
		return copied;
	}
}
