"""TTML subtitles (W3C Timed Text Markup Language 2). No word is highlighted."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import partial

from localwhisper.export.about import About
from localwhisper.export.cues import cues, timestamp
from localwhisper.export.voices import with_channel
from localwhisper.export.xml_text import valid_xml
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

_time = partial(timestamp, always_hours=True, decimal_mark=".")


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    names = {"xmlns": "http://www.w3.org/ns/ttml", "xmlns:ttm": "http://www.w3.org/ns/ttml#metadata"}
    document = ET.Element("tt", {**names, "xml:lang": transcript.language})
    head = ET.SubElement(document, "head")
    if about.title:
        ET.SubElement(ET.SubElement(head, "metadata"), "ttm:title").text = valid_xml(about.title)
    division = ET.SubElement(ET.SubElement(document, "body"), "div")
    for cue in cues(transcript, replace(layout, highlight_words=False), about.duration_s):
        first, *others = map(valid_xml, with_channel(cue.channel, cue.text).splitlines())
        paragraph = ET.SubElement(division, "p", {"begin": _time(cue.start_s), "end": _time(cue.end_s)})
        paragraph.text = first
        for line in others:
            ET.SubElement(paragraph, "br").tail = line
    ET.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document, encoding="unicode") + "\n"
