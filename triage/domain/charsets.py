"""In which characters a scanner can be told a name: Specific Character Set (0008,0005), DICOM PS3.3 C.12.1.1.2."""

#: Id, as it is kept with a scanner -> the values of the attribute, in this order. ASCII has none.
CHARSETS: dict[str, tuple[str, ...]] = {
    "utf8": ("ISO_IR 192",),
    "ir87": ("", "ISO 2022 IR 87"),
    "ir13_87": ("ISO 2022 IR 13", "ISO 2022 IR 87"),
    "ascii": (),
}
