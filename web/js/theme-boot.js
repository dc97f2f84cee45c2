// Sets the chosen theme before the first paint, so that the page doesn't flash in the other one.
(function () {
	try {
		const theme = localStorage.getItem("localwhisper.theme");
		if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = JSON.parse(theme);
	} catch {
		// without storage, the system's theme applies
	}
})();
