"""DICOM as the scanners speak it: what they ask of the worklist, and an order as an item of it."""
