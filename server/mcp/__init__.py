"""The self over the Model Context Protocol: ``/mcp`` of the server, and ``oneself mcp`` over stdio.

``tools``, ``forgetting`` and ``resources`` say what is offered, written once against ``server.door.Door``; ``protocol``
puts it into the official SDK's terms; ``http`` is the route. The SDK takes about a second to import: only ``protocol``
and ``stdio`` do, and they are imported where they are used.
"""
