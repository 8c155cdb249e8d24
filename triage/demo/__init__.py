"""The demonstration clinic: invented people and cases as data, and what plays their day through the real services."""
