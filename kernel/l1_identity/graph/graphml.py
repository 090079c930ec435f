"""The graph as GraphML (http://graphml.graphdrawing.org/xmlns), for Gephi, yEd, igraph, networkx."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from kernel.types import Graph

_SPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE = {"name": "string", "type": "string", "aliases": "string", "weight": "double", "community": "string"}
_EDGE = {"type": "string", "weight": "double", "valid_from": "string", "valid_to": "string", "notes": "string"}
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graphml(graph: Graph) -> str:
    """A directed graph with every entity and relation. ``community``: the name of its coarsest one; lists are joined by
    ``; ``, times that are not known are empty."""
    home = {i: c.name for c in reversed(graph.communities) if c.level == 0 for i in c.entities}
    root = ET.Element("graphml", {"xmlns": _SPACE})
    for domain, fields in (("node", _NODE), ("edge", _EDGE)):
        for name, kind in fields.items():
            ET.SubElement(root, "key", {"id": f"{domain}_{name}", "for": domain, "attr.name": name, "attr.type": kind})
    body = ET.SubElement(root, "graph", {"id": "oneself", "edgedefault": "directed"})
    for entity in graph.entities:
        node = ET.SubElement(body, "node", {"id": entity.id})
        values = (entity.name, entity.type, "; ".join(entity.aliases), entity.weight, home.get(entity.id, ""))
        _data(node, "node", dict(zip(_NODE, values, strict=True)))
    for relation in graph.relations:
        edge = ET.SubElement(body, "edge", {"id": relation.id, "source": relation.source, "target": relation.target})
        notes = "; ".join(dict.fromkeys(c.note_id for c in relation.citations))
        held = (relation.type, relation.weight, relation.valid_from or "", relation.valid_to or "", notes)
        _data(edge, "edge", dict(zip(_EDGE, held, strict=True)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _data(element: ET.Element, domain: str, values: dict[str, str | float]) -> None:
    for name, value in values.items():
        ET.SubElement(element, "data", {"key": f"{domain}_{name}"}).text = _NOT_IN_XML.sub("", str(value))
