"""A web page that plays its recording, which lies beside it.

A segment, or a paragraph, is played by a click, and marked when heard.

It loads nothing else, and its text can't become markup.
"""

from html import escape
from urllib.parse import quote

from localwhisper.export.about import About
from localwhisper.export.cues import short_timestamp
from localwhisper.export.paragraphs import Paragraph, paragraphs
from localwhisper.export.voices import with_channel
from localwhisper.export.xml_text import valid_xml
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

STYLE = """
body { max-width: 45rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; }
audio { width: 100%; position: sticky; top: 0; }
time { color: #666; font-size: .8em; margin-inline-end: .8em; }
p[data-start] { cursor: pointer; }
p.heard { background: #ff08; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } time { color: #aaa; } }
"""
SCRIPT = """
const audio = document.querySelector("audio");
const lines = [...document.querySelectorAll("p[data-start]")];
for (const line of lines) line.onclick = () => { audio.currentTime = line.dataset.start; audio.play(); };
audio.ontimeupdate = () => {
  for (const line of lines) {
    const isHeard = line.dataset.start <= audio.currentTime && audio.currentTime < line.dataset.end;
    line.classList.toggle("heard", isHeard);
  }
};
"""


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    title = escape(valid_xml(about.title) or "Transcript")
    source = quote(about.filename, errors="surrogateescape")  # the bytes of a name that isn't UTF-8
    player = f'<audio controls src="{escape(source)}"></audio>\n' if source else ""
    if transcript.segments:
        lines = "".join(map(_line, paragraphs(transcript, joined=layout.paragraphs)))
    else:
        lines = f'<p dir="auto">{escape(valid_xml(transcript.text))}</p>\n'
    return f"""<!DOCTYPE html>
<html lang="{escape(transcript.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<h1 dir="auto">{title}</h1>
{player}{lines}{f"<script>{SCRIPT}</script>" if player else ""}
</body>
</html>
"""


def _line(part: Paragraph) -> str:
    text = escape(valid_xml(with_channel(part.channel, part.text)))
    times = f'data-start="{part.start_s:.3f}" data-end="{part.end_s:.3f}"'
    return f'<p dir="auto" {times}><time>{short_timestamp(part.start_s)}</time>{text}</p>\n'
