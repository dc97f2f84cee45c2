"""ELAN's annotation format 3.0 (EAF): a tier of segments and, with word times, one of words; with
speakers, both for each.

The schema: mpi.nl/tools/elan/EAFv3.0.xsd.
"""

import xml.etree.ElementTree as ET

from localwhisper.export.about import About
from localwhisper.export.tiers import tiers
from localwhisper.export.xml_text import valid_xml
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    date = f"{about.created_at:%Y-%m-%dT%H:%M:%S}+00:00" if about.created_at else "1970-01-01T00:00:00+00:00"
    document = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "",
            "DATE": date,
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = ET.SubElement(document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if about.filename:
        name = valid_xml(about.filename)
        ET.SubElement(
            header, "MEDIA_DESCRIPTOR", {"MEDIA_URL": name, "MIME_TYPE": "", "RELATIVE_MEDIA_URL": f"./{name}"}
        )
    order = ET.SubElement(document, "TIME_ORDER")
    number = 0
    for tier_name, tier in tiers(transcript).items():
        attributes = {"TIER_ID": valid_xml(tier_name), "LINGUISTIC_TYPE_REF": "default"}
        if transcript.speakers and tier_name != "segments":
            attributes["PARTICIPANT"] = valid_xml(tier_name.removesuffix(": words"))
        tier_element = ET.SubElement(document, "TIER", attributes)
        for start_ms, end_ms, text in tier:
            number += 1
            slots = {f"ts{2 * number - 1}": start_ms, f"ts{2 * number}": end_ms}
            for slot, time_ms in slots.items():
                ET.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(time_ms)})
            first, last = slots
            references = {"ANNOTATION_ID": f"a{number}", "TIME_SLOT_REF1": first, "TIME_SLOT_REF2": last}
            annotation = ET.SubElement(ET.SubElement(tier_element, "ANNOTATION"), "ALIGNABLE_ANNOTATION", references)
            ET.SubElement(annotation, "ANNOTATION_VALUE").text = valid_xml(text)
    kind = {"LINGUISTIC_TYPE_ID": "default", "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    ET.SubElement(document, "LINGUISTIC_TYPE", kind)
    ET.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document, encoding="unicode") + "\n"
