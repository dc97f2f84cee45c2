// Before the first paint: the chosen theme, so that nothing flashes.
(function () {
	try {
		const theme = localStorage.getItem("localwhisper.theme");
		if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = JSON.parse(theme);
	} catch {
		// no storage: the system's theme
	}
})();
