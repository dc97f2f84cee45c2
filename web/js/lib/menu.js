/**
 * Menus: <details class="menu">. One is open at a time; a click elsewhere, on an item, or Escape closes it.
 * Dialogs: a click on a button of the class "close" closes its dialog.
 */

export function connectMenus() {
	const openMenus = () => /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.menu[open]"));

	document.addEventListener("click", ({ target }) => {
		if (!(target instanceof Element)) return;
		if (target.closest(".close")) target.closest("dialog")?.close();
		for (const menu of openMenus()) if (!menu.contains(target) || target.closest(".menu-item")) menu.open = false;
	});
	document.addEventListener("keydown", (event) => {
		const [menu] = openMenus();
		if (event.key !== "Escape" || !menu) return;
		event.preventDefault();
		menu.open = false;
		menu.querySelector("summary")?.focus();
	});
}
