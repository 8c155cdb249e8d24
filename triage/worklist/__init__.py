"""The process that scanners call: C-ECHO, the worklist, and what they say they did. Apart from the web server."""
