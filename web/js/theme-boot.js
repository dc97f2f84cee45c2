// Sets the chosen theme and the last visit's layout before the first paint, so that nothing flashes or moves.
(function () {
	try {
		const theme = localStorage.getItem("localwhisper.theme");
		if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = JSON.parse(theme);
		document.documentElement.dataset.hasJobs = localStorage.getItem("localwhisper.has-jobs") || "false";
	} catch {
		// without storage, the system's theme applies
	}
})();
