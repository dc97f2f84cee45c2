/** The components that the first view doesn't need, by their elements. */

import { describeDialog } from "./components/describe-dialog.js";
import { knownVoices } from "./components/known-voices.js";
import { modelsView } from "./components/models-view.js";
import { recordingBar } from "./components/recording-bar.js";
import { replaceDialog } from "./components/replace-dialog.js";
import { termLists } from "./components/term-lists.js";
import { watchedFolders } from "./components/watched-folders.js";
import { exportDialog } from "./editor/export-dialog.js";
import { transcriptEditor } from "./editor/transcript-editor.js";

/** @type {Record<string, Component>} */
export const DEFERRED_COMPONENTS = {
	"describe-dialog": describeDialog,
	"export-dialog": exportDialog,
	"known-voices": knownVoices,
	"models-view": modelsView,
	"recording-bar": recordingBar,
	"replace-dialog": replaceDialog,
	"term-lists": termLists,
	"transcript-editor": transcriptEditor,
	"watched-folders": watchedFolders,
};
