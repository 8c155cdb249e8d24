"""Other people's formats. Empty until imaging brings DICOM."""
